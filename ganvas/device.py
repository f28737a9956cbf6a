"""Which device and number format to train with: detected, and returned with the reason."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Literal, NamedTuple

import torch

from ganvas.errors import SettingsError

Precision = Literal["fp32", "bf16"]
CPUINFO = Path("/proc/cpuinfo")
GPU_MACS = 5e11  # GANs on an H200, .3e12 to .8e12: it waits for what starts its many small kernels


class DeviceChoice(NamedTuple):
    name: str
    reason: str


class PrecisionChoice(NamedTuple):
    name: Precision
    reason: str


def choose_device(asked: str | None) -> DeviceChoice:
    """CUDA, else Apple's MPS, else the processor. Raises SettingsError for a device this machine has not."""
    available = {"cpu": True, "cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available()}
    if asked is not None:
        if not available.get(asked.partition(":")[0], False):
            here = ", ".join(name for name, has in available.items() if has)
            raise SettingsError(f"device = {asked!r} is not on this machine: there is {here}")
        return DeviceChoice(asked, "as asked")
    if available["cuda"]:
        return DeviceChoice("cuda", f"found {torch.cuda.get_device_name()}")
    if available["mps"]:
        return DeviceChoice("mps", "found Apple's Metal")
    return DeviceChoice("cpu", f"no GPU found; {torch.get_num_threads()} threads")


def choose_precision(asked: Precision | None, device: str) -> PrecisionChoice:
    """bf16 only where the hardware multiplies it natively: emulated it is over a hundred times slower than fp32."""
    if asked is not None:
        return PrecisionChoice(asked, "as asked")
    if device.startswith("cuda"):
        major, minor = torch.cuda.get_device_capability()
        if major >= 8:
            return PrecisionChoice("bf16", f"CUDA SM {major}{minor} multiplies bf16 natively")
        return PrecisionChoice("fp32", f"CUDA SM {major}{minor} has no native bf16")
    if device == "mps":
        return PrecisionChoice("fp32", "Metal's bf16 gains nothing here")
    native = sorted(processor_flags() & {"amx_bf16", "avx512_bf16"})
    if native:
        return PrecisionChoice("bf16", f"this processor has {native[0]}")
    return PrecisionChoice("fp32", "this processor has neither avx512_bf16 nor amx_bf16")


def synchronize(device: str) -> None:
    """Wait until the device has done what it was given, so that a clock tells the truth."""
    if device.startswith("cuda"):
        torch.cuda.synchronize()
    elif device == "mps":
        torch.mps.synchronize()


def make_deterministic(device: str) -> None:
    """The same sums in the same order every time, where the device can; elsewhere PyTorch warns."""
    if device.startswith("cuda"):
        os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
        torch.backends.cudnn.benchmark = False
        torch.use_deterministic_algorithms(True, warn_only=True)


def macs_a_second(device: str, gpu: float = GPU_MACS) -> float:
    """Multiply-adds a second that training reaches, about: for choosing a network's width, not a promise."""
    if device.startswith("cuda"):
        return gpu
    if device == "mps":
        return 1e12
    # Measured on two cores, a multiply-add being two operations: 48 GFLOP/s with AVX2, 121 with AVX-512.
    return (3e10 if "avx512f" in processor_flags() else 1.2e10) * torch.get_num_threads()


def processor_flags(path: Path = CPUINFO) -> set[str]:
    """The flags Linux lists for the first processor; nothing on other systems."""
    return set(_first_line("flags", path).split())


def processor_model(path: Path = CPUINFO) -> str:
    """What Linux calls the first processor; nothing on other systems."""
    return _first_line("model name", path).strip()


def _first_line(name: str, path: Path) -> str:
    try:
        lines = path.read_text().splitlines()
    except OSError:
        return ""
    return next((line.partition(":")[2] for line in lines if line.startswith(name)), "")
