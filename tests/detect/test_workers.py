"""How many workers run batches, and engines that several threads call."""

from __future__ import annotations

import copy
import pickle
import sys
import threading
import time
from pathlib import Path

import pytest
import torch
from support.labelled import data_set

from darknet_py import Network
from darknet_py.detect.workers import TURN_TAKERS, TimedEngine, WorkerPool
from darknet_py.engines.devices import using_threads
from darknet_py.engines.engine import open_engine
from darknet_py.engines.table import EngineConfig


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    data_set(tmp_path)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def network() -> Network:
    net = Network.from_cfg("n.cfg")
    net.load_weights("n.weights")
    return net


@pytest.mark.parametrize(
    ("total", "batch", "expected"),
    [
        (1, 4, (0, 4, 4)),
        (None, 4, (4, 4, 1)),
        (100, 4, (4, 4, 1)),
        (6, 4, (4, 2, 1)),
        (2, 4, (2, 1, 2)),
    ],
)
def test_the_pool_for_so_many_images(
    here: Path, total: int | None, batch: int, expected: tuple[int, int, int]
) -> None:
    engine, before = open_engine(network(), EngineConfig()), torch.get_num_threads()
    torch.set_num_threads(4)
    try:
        assert WorkerPool.of(engine, batch, total) == WorkerPool(*expected)
    finally:
        torch.set_num_threads(before)


def test_engines_that_take_turns_have_two_workers(
    here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = open_engine(network(), EngineConfig())
    monkeypatch.setattr(engine, "parallel", False)
    counts = [WorkerPool.of(engine, 4, total).workers for total in (1, 4, 5, None)]
    assert counts == [0, 1, TURN_TAKERS, TURN_TAKERS]


def test_a_timed_engine_is_copied_and_pickled_without_its_lock() -> None:
    timed = TimedEngine(Plain())  # type: ignore[arg-type]
    for other in (copy.deepcopy(timed), pickle.loads(pickle.dumps(timed))):
        assert other.engine is not timed.engine
        heads, seconds = other(torch.ones(2, 1, 1, 1))
        assert heads[0].sum() == 4 and seconds >= 0.01
        assert other.engine.prepared == 2


class Plain:
    """An engine for one caller at a time that doubles what it gets."""

    parallel, prepared = False, 0

    def prepare(self, batch: int) -> None:
        time.sleep(0.3)
        self.prepared = batch

    def __call__(self, x: torch.Tensor) -> list[torch.Tensor]:
        time.sleep(0.01)
        return [2 * x]


def test_making_an_engine_ready_does_not_count() -> None:
    _, seconds = TimedEngine(Plain())(torch.ones(1, 1, 1, 1))  # type: ignore[arg-type]
    assert 0.01 <= seconds < 0.3


def test_threads_come_back() -> None:
    before = torch.get_num_threads()
    with using_threads(before + 1):
        assert torch.get_num_threads() == before + 1
    assert torch.get_num_threads() == before
    with using_threads(None):
        assert torch.get_num_threads() == before


def pool(workers: int = 2) -> WorkerPool:
    return WorkerPool(workers, batch=1, threads=1)


def test_what_holds_for_the_process_comes_back_after_the_last_of_several_pools() -> None:
    """One begins before the other is done, and is done after it, whose thread is another."""
    before = sys.getswitchinterval(), torch.get_num_threads()
    torch.set_num_threads(before[1] + 1)
    try:
        first, second = (pool().run(lambda _, group: group, range(9)) for _ in range(2))
        next(first)
        assert sys.getswitchinterval() < before[0]
        next(second)
        first.close()
        assert sys.getswitchinterval() < before[0], "the second is at work"
        ending = threading.Thread(target=second.close)
        ending.start()
        ending.join()
        assert sys.getswitchinterval() == before[0]
        fresh: list[int] = []
        later = threading.Thread(target=lambda: fresh.append(torch.get_num_threads()))
        later.start()
        later.join()
        assert fresh == [torch.get_num_threads()] == [before[1] + 1]
    finally:
        torch.set_num_threads(before[1])


def test_many_threads_that_run_pools_leave_the_process_as_it_was() -> None:
    before = sys.getswitchinterval()

    def work() -> None:
        for _ in range(10):
            assert len(list(pool().run(lambda _, group: group, range(4)))) == 4

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sys.getswitchinterval() == before


def test_an_error_in_a_pool_gives_the_process_back() -> None:
    before = sys.getswitchinterval()
    with pytest.raises(ZeroDivisionError):
        list(pool().run(lambda first, _: 1 // first, range(4)))
    assert sys.getswitchinterval() == before


def test_one_worker_is_left_where_memory_fits_less_than_a_batch(
    here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = open_engine(network(), EngineConfig())
    monkeypatch.setattr("darknet_py.detect.workers.images_in_memory", lambda graph: 3)
    assert WorkerPool.of(engine, 4, None) == WorkerPool(1, 4, torch.get_num_threads())
    assert WorkerPool.of(engine, 4, 8) == WorkerPool(1, 4, torch.get_num_threads())
