"""How a process comes into its group, on which device it works there, and how it leaves."""

from __future__ import annotations

import contextlib
import itertools
import os
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import TypeVar

import torch
import torch.distributed as dist

from darknet_py.distributed.context import ALONE, DistributedContext
from darknet_py.distributed.list_share import expected_share, local_rank
from darknet_py.distributed.meeting import agreed_word
from darknet_py.engines.devices import using_threads
from darknet_py.options.model import DeviceOptions
from darknet_py.system import processors

Options = TypeVar("Options", bound=DeviceOptions)

PATIENCE = timedelta(hours=6)
"""How long other processes wait while one is at work: training's first one evaluates."""
THREADS = "OMP_NUM_THREADS"
_groups = itertools.count()
"""That this process has been in."""


@contextlib.contextmanager
def joined(backend: str) -> Iterator[DistributedContext]:
    """This process in the group that torchrun started. backend: nccl, or gloo for the CPU."""
    _join(backend)
    try:
        yield DistributedContext.here()
    finally:
        dist.destroy_process_group()


def _join(backend: str) -> None:
    """The processes find each other by what they write under a word of this group's own.

    A group before it in the same processes has left addresses that nobody answers at any more.
    """
    store, rank, world = next(dist.rendezvous("env://", timeout=PATIENCE))  # type: ignore[attr-defined]
    numbered = dist.PrefixStore(f"group {next(_groups)}", store)  # type: ignore[attr-defined]
    word = agreed_word(numbered, rank, world, PATIENCE)
    own = dist.PrefixStore(word, numbered)  # type: ignore[attr-defined]
    dist.init_process_group(backend, store=own, rank=rank, world_size=world, timeout=PATIENCE)


def on_own_gpu(options: Options) -> Options:
    """In a group the options with the GPU of this process's number on its machine, if any."""
    if expected_share().world == 1 or not torch.cuda.is_available():
        return options
    return replace(options, gpu=local_rank())


@contextlib.contextmanager
def sharing() -> Iterator[DistributedContext]:
    """This process among those that each take a share of a list; alone without torchrun.

    What they tell each other are objects of the main memory, for which gloo is made, whatever
    device they compute on; on a CPU each uses its part of the machine's cores.
    """
    if expected_share().world == 1:
        yield ALONE
    elif dist.is_initialized():  # by whoever calls from Python
        group = dist.new_group(backend="gloo", timeout=PATIENCE)
        try:
            yield DistributedContext(dist.get_rank(), dist.get_world_size(), group)
        finally:
            dist.destroy_process_group(group)
    else:
        with _own_cores(), joined("gloo") as context:
            yield context


@contextlib.contextmanager
def _own_cores() -> Iterator[None]:
    """torch with this process's part of the cores, unless somebody has said how many threads.

    torchrun itself says 1 where nobody does.
    """
    share = None
    if os.environ.get(THREADS, "1") == "1":
        share = max(1, processors() // int(os.environ.get("LOCAL_WORLD_SIZE", "1")))
    with using_threads(share):
        yield
