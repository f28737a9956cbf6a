"""Two processes train like one with the double batch; when one is killed, what was learned is kept."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator

import pytest

from ganvas.studio import StudioFolder
from ganvas.train import train
from ganvas.train.checkpoint import checkpoints, damage, network_tensors
from ganvas.train.run_folder import RunFolder
from tests.waiting import wait_for

SETTINGS = [
    *("batch=16", "ticks=2", "sheet=16", "light_judge=0", "network.generator_filters=4"),
    *("network.discriminator_filters=4", "network.latent=8", "mirror=false", "augment=[]"),
]


@pytest.fixture
def port() -> Iterator[int]:
    """A port that nobody else is given meanwhile, and that whoever asks for it by number may listen at."""
    with socket.socket() as holder:
        holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        holder.bind(("127.0.0.1", 0))
        yield int(holder.getsockname()[1])


def started(port: int, studio: StudioFolder, name: str, budget: str, *extra: str) -> list[subprocess.Popen]:
    """A training's two connected processes."""
    command = [sys.executable, "-m", "ganvas", "-C", str(studio.root), "train", "halves", "--name", name]
    command += ["--budget", budget, *(part for setting in (*SETTINGS, *extra) for part in ("--set", setting))]
    return together(port, command)


def together(port: int, command: list[str]) -> list[subprocess.Popen]:
    """The command twice, as torchrun starts it."""
    shared = {"WORLD_SIZE": "2", "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port)}
    return [
        subprocess.Popen(
            command,
            env={**os.environ, **shared, "RANK": str(rank), "LOCAL_RANK": str(rank)},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for rank in range(2)
    ]


def test_two_processes_equal_one_with_the_double_batch(studio: StudioFolder, port: int) -> None:
    # in float32: bf16 rounds the sums of half a batch otherwise than those of a whole one
    processes = started(port, studio, "two", "320-images", "precision=fp32")
    for process in processes:
        _, said = process.communicate(timeout=120)
        assert process.returncode == 0, said
    given = {"mirror": False, "augment": [], "batch": 16, "ticks": 2, "sheet": 16}
    given |= {"light_judge": 0, "budget": "320-images", "precision": "fp32"}
    given["network"] = {"generator_filters": 4, "discriminator_filters": 4, "latent": 8}
    one = train(studio, "halves", given, name="one")
    newest = [checkpoints(RunFolder(studio.runs / name).checkpoints)[-1] for name in (one.name, "two")]
    for network in ("generator", "discriminator"):
        single, double = (network_tensors(path, network) for path in newest)
        start = network_tensors(checkpoints(one.checkpoints)[0], network)
        for name, tensor in single.items():
            moved = (tensor - start[name]).float().norm()
            assert (double[name] - tensor).float().norm() < 0.05 * moved + 1e-5, name


ONE_OF_TWO = """
import os
from ganvas.train.processes import joined
with joined("cpu") as processes:
    processes.from_leader("hello")
    import torch.distributed.nn.functional  # as an optimizer does, at its first step
names = [open(f"/proc/self/task/{thread}/comm").read() for thread in os.listdir("/proc/self/task")]
print([name for name in names if "gloo" in name or "store" in name])
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="threads are told by /proc")
def test_no_thread_of_the_connection_outlives_it(port: int) -> None:
    for process in together(port, [sys.executable, "-c", ONE_OF_TWO]):
        told, said = process.communicate(timeout=120)
        assert told == "[]\n", said


def test_two_processes_go_on_bit_for_bit(studio: StudioFolder, port: int) -> None:
    def trained() -> dict[str, bytes]:
        for process in started(
            port, studio, "one", "320-images", 'augment=["translation"]', "augment_target=-1", "keep_checkpoints=10"
        ):
            _, said = process.communicate(timeout=120)
            assert process.returncode == 0, said
        newest = checkpoints(RunFolder(studio.runs / "one").checkpoints)[-1]
        return {file.name: file.read_bytes() for file in newest.glob("*.safetensors")}

    whole = trained()
    for path in checkpoints(RunFolder(studio.runs / "one").checkpoints)[2:]:
        shutil.rmtree(path)
    studio.catalog.update_run("one", state="training")
    assert trained() == whole


@pytest.mark.parametrize("victim", [0, 1])
def test_a_killed_process_leaves_a_checkpoint_and_a_clear_line(studio: StudioFolder, port: int, victim: int) -> None:
    processes = started(port, studio, "run", "10m")
    folder = RunFolder(studio.runs / "run")
    metrics = folder.metrics_file
    wait_for(lambda: metrics.exists() and "\n" in metrics.read_text(), "a line of the log")
    processes[victim].send_signal(signal.SIGKILL)
    survivor = processes[1 - victim]
    _, said = survivor.communicate(timeout=120)
    processes[victim].communicate()
    assert survivor.returncode == 1
    assert "lost another one" in said
    assert "Traceback" not in said
    newest = checkpoints(folder.checkpoints)[-1]
    assert damage(newest) is None
    saved = json.loads((newest / "state.json").read_text())["images"]
    assert saved > 0
    row = studio.catalog.run_named("run")
    assert (row.state, row.images_seen) == ("interrupted", saved)
