"""A training that torchrun starts again, after a process has died or a machine has come or gone.

It goes on from its last state without a flag. A state says of which job it is, so that an older
training's, which may lie in the same folder, is never taken for this one's.
"""

from __future__ import annotations

import os
import sys
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

import torch

from darknet_py.distributed.context import DistributedContext
from darknet_py.errors import WeightsError
from darknet_py.options.training import TrainOptions
from darknet_py.train.state_facts import MOST_JOB, StateFacts
from darknet_py.train.state_file import open_state

Options = TypeVar("Options", bound=TrainOptions)

JOB, RESTARTS, MOST_RESTARTS = (
    "TORCHELASTIC_RUN_ID",
    "TORCHELASTIC_RESTART_COUNT",
    "TORCHELASTIC_MAX_RESTARTS",
)
"""What torchrun tells a process: --rdzv-id, or a name it has made up; how often it has started the
group again because one died; how often it will."""
NAMELESS = "none"
"""The job of a torchrun that was given no name."""


def job_name() -> str:
    """Of the job this process belongs to, "" without torchrun."""
    return os.environ.get(JOB, "")[:MOST_JOB]


def may_restart() -> bool:
    """Whether torchrun is to start this training again if it dies."""
    return bool(job_name()) and _number(MOST_RESTARTS) > 0


def continuing(
    options: Options, state: Path, distributed: DistributedContext, device: torch.device
) -> Options:
    """The options, to be resumed where this job has begun before; the same in all processes.

    When a machine comes or goes torchrun starts the others again and does not count it, and on a
    new machine its count begins anew: then the job's name alone tells.
    """
    if options.resume or not job_name():
        return options
    restarted = distributed.any(_number(RESTARTS) > 0, device)
    known = restarted or job_name() != NAMELESS
    begun = distributed.first and known and job_of(state) == job_name()
    return replace(options, resume=True) if distributed.any(begun, device) else options


def job_of(state: Path) -> str:
    """The job that has written a state; "" where there is none, or nothing that could be read."""
    try:
        with open_state(state, sys.maxsize) as archive:
            return StateFacts.checked(state, archive.facts()).job
    except WeightsError:
        return ""


def _number(name: str) -> int:
    return int(os.environ.get(name, "0"))
