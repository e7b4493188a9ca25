"""How many images at once, and by how many threads."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from support.tiny_detector import files

import darknet_py
from darknet_py import Detector
from darknet_py.engines.torch_engine import MOST_PROGRAMS
from darknet_py.serve import batch_plan
from darknet_py.serve.batch_plan import BatchPlan


@pytest.fixture
def detector(tmp_path: Path) -> Detector:
    return darknet_py.load(*files(tmp_path))


@pytest.fixture
def sixteen_threads() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(16)
    yield
    torch.set_num_threads(before)


@pytest.mark.parametrize(
    ("batch", "sizes"), [(None, (1, 2, 4)), (1, (1,)), (2, (1, 2)), (9, (1, 3, 9))]
)
def test_a_small_network_takes_several_images_by_one_thread(
    detector: Detector, sixteen_threads: None, batch: int | None, sizes: tuple[int, ...]
) -> None:
    plan = BatchPlan.of(detector, batch)
    assert (plan.sizes, plan.workers, plan.threads) == (sizes, 16, (1,))
    assert plan.spread and plan.ahead == max(4, 2 * 16 * sizes[-1])


@pytest.mark.parametrize(("batch", "sizes"), [(None, (1,)), (8, (1, 8))])
def test_a_large_one_has_all_threads_while_it_is_alone(
    detector: Detector,
    sixteen_threads: None,
    monkeypatch: pytest.MonkeyPatch,
    batch: int | None,
    sizes: tuple[int, ...],
) -> None:
    monkeypatch.setattr("darknet_py.detect.command_start.SMALL", 1)
    monkeypatch.setattr(batch_plan, "SMALL", 1)
    plan = BatchPlan.of(detector, batch)
    assert (plan.sizes, plan.workers, plan.threads) == (sizes, 16, (16, 4, 1))
    assert [plan.threads_for(1, active) for active in (1, 2, 4, 5, 16)] == [16, 4, 4, 1, 1]
    assert plan.threads_for(8, 1) == 1
    assert plan.programs[:3] == [(1, 16), (1, 4), (1, 1)]
    assert plan.programs[3:] == [(size, 1) for size in sizes[1:]]
    assert len(plan.programs) <= MOST_PROGRAMS


def test_an_engine_that_takes_turns_has_all_threads_and_does_not_spread(
    detector: Detector, sixteen_threads: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(detector.engine, "parallel", False)
    plan = BatchPlan.of(detector, None)
    assert plan == BatchPlan((1, 2, 4), 2, (16,), False, 16)


def test_a_batch_is_of_a_size_that_has_a_program() -> None:
    plan = BatchPlan((1, 3, 9), 1, (1,), False, 18)
    assert [plan.size(most) for most in (0, 1, 2, 3, 8, 9, 50)] == [1, 1, 1, 3, 3, 9, 9]
