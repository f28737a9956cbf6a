"""Data parallel: several processes, one training. `torchrun --nproc-per-node 2 -m ganvas train houses`.

Every process holds the whole networks and a share of each batch. Gradients are flattened, summed and divided; there is
no wrapper of modules, whose higher-order gradients PyTorch does not support. The first process alone writes files.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import TypeVar

import torch
import torch.distributed as dist
from torch import nn

from ganvas.errors import GanvasError


class ProcessLost(GanvasError):
    """Another process of the training is gone."""


T = TypeVar("T")


@dataclass(frozen=True)
class Processes:
    """This process's number among all that train together; alone unless `joined`."""

    rank: int = 0
    count: int = 1

    @property
    def leads(self) -> bool:
        """Whether this is the process that writes files and talks to the user."""
        return self.rank == 0

    def share(self, batch: int) -> slice:
        """The part of a batch that is this process's."""
        each = batch // self.count
        return slice(self.rank * each, (self.rank + 1) * each)

    @torch.no_grad()
    def average_gradients(self, network: nn.Module) -> None:
        """Replace the gradients by their mean over all processes; what is not a number becomes 0."""
        if self.count == 1:
            return
        gradients = [parameter.grad for parameter in network.parameters() if parameter.grad is not None]
        flat = torch.cat([gradient.flatten() for gradient in gradients])
        self._together(lambda: dist.all_reduce(flat))
        flat.div_(self.count).nan_to_num_(nan=0.0, posinf=1e5, neginf=-1e5)
        parts = torch.split(flat, [gradient.numel() for gradient in gradients])
        for gradient, part in zip(gradients, parts, strict=True):
            gradient.copy_(part.view_as(gradient))

    def from_leader(self, value: T) -> T:
        """The first process's value, in every process."""
        if self.count == 1:
            return value
        box = [value]
        self._together(lambda: dist.broadcast_object_list(box, src=0))
        return box[0]

    def agreed(self, progress: float, stop: bool) -> tuple[float, bool]:
        """The leader's progress, and whether any process wants to stop: one exchange, quick enough for every step."""
        if self.count == 1:
            return progress, stop
        told = torch.tensor([progress if self.leads else 0.0, float(stop)], dtype=torch.float64)
        self._together(lambda: dist.all_reduce(told))
        return float(told[0]), bool(told[1] > 0)

    def _together(self, exchange: Callable[[], object]) -> None:
        try:
            exchange()
        except RuntimeError as error:
            raise self.lost(error) from error

    def lost(self, error: BaseException) -> ProcessLost:
        """What to say when an exchange failed."""
        return ProcessLost(
            f"process {self.rank} of {self.count} lost another one ({str(error).splitlines()[0]}); "
            "the same command goes on from the last checkpoint"
        )


def is_connection(error: BaseException) -> bool:
    """Whether an error of a step says that the processes' connection broke, as in a synchronised batch norm."""
    return any(word in str(error).lower() for word in ("gloo", "nccl", "connection", "socket", "peer"))


@contextmanager
def joined(device: str | None = None) -> Iterator[Processes]:
    """The processes that torchrun started, connected; alone where there is only this one."""
    count = int(os.environ.get("WORLD_SIZE", "1"))
    if count == 1 or not dist.is_available():
        yield Processes()
        return
    # Functions of torch.distributed.nn keep the group they are imported under as a default. Imported within, as by an
    # optimizer, they would hold its threads until the interpreter ends, which one of them may end with an abort.
    import torch.distributed.nn

    gpu = (device or "").startswith("cuda") or (device is None and torch.cuda.is_available())
    dist.init_process_group("cpu:gloo,cuda:nccl" if gpu else "gloo")
    if gpu:
        torch.cuda.set_device(int(os.environ.get("LOCAL_RANK", "0")))
    try:
        yield Processes(dist.get_rank(), count)
        with suppress(RuntimeError):  # all is done: whoever is gone already is not missed
            dist.barrier()
    finally:
        dist.destroy_process_group()
