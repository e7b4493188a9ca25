"""Batches: their order, whatever the number of workers and wherever they start; what goes wrong."""

from __future__ import annotations

import multiprocessing
import os
import pickle
import signal
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import numpy as np
import pytest
import torch
from support.coloured_samples import RectangleImage, graph, write
from support.tiny_detector import save
from torch.utils.data import dataloader

from darknet_py.augment.config import AugmentConfig
from darknet_py.data import loader
from darknet_py.data.detection_samples import DetectionSet
from darknet_py.data.loader import (
    ATTEMPTS,
    RETRY,
    Batch,
    BatchPlan,
    SampleKey,
    batches,
    first_readable,
    worker_failures,
)
from darknet_py.errors import DarknetError, DataError, ImageError


class Numbers:
    """Samples that hold their own number, size and seed; those in `bad` cannot be read."""

    def __init__(self, *bad: int) -> None:
        self.bad = set(bad)

    def sample(
        self, number: int, width: int, height: int, seed: int
    ) -> tuple[np.ndarray, np.ndarray]:
        if number in self.bad:
            raise ImageError(f"{number}.jpg: no such file")
        image = np.full((1, height, width), number % 200, np.uint8)
        return image, np.array([number % RETRY, seed], np.float32)


def one_size(update: int) -> tuple[int, int]:
    return 8, 6


def plan(images: int = 4, part: int = 2, rank: int = 0, world: int = 1) -> BatchPlan:
    return BatchPlan(images, part, one_size, rank, world)


def first_batches(source: object, count: int, **options: object) -> list[Batch]:
    made = batches(source, **({"plan": plan(), "seed": 3} | options))  # type: ignore[arg-type]
    try:
        return list(islice(made, count))
    finally:
        made.close()


def test_a_batch_is_put_together_of_its_parts() -> None:
    one, two = first_batches(Numbers(), 2)
    assert one.images.shape == (4, 1, 6, 8)
    assert (one.images.dtype, one.truth.dtype) == (torch.uint8, torch.float32)
    assert one.truth.tolist() == [[0, 3], [1, 3], [2, 3], [3, 3]]
    assert two.images[:, 0, 0, 0].tolist() == [4, 5, 6, 7]
    assert one.unreadable == ()


def test_batches_start_anywhere() -> None:
    third = first_batches(Numbers(), 3)[2]
    again = first_batches(Numbers(), 1, first=3)[0]
    assert again.truth.tolist() == third.truth.tolist()
    assert again.truth[0, 0] == 8


@pytest.mark.parametrize("part", [1, 2, 4])
def test_the_size_of_the_parts_changes_nothing(part: int) -> None:
    made = first_batches(Numbers(), 2, plan=plan(part=part))
    assert torch.cat([batch.truth for batch in made])[:, 0].tolist() == list(range(8))


def test_several_processes_share_the_samples_of_one() -> None:
    """Two with 2 images a batch see, together, what one with 4 sees."""
    whole = first_batches(Numbers(), 2)
    halves = [first_batches(Numbers(), 2, plan=plan(2, 2, rank, 2)) for rank in range(2)]
    for step in range(2):
        together = torch.cat([halves[rank][step].truth for rank in range(2)])
        assert together.tolist() == whole[step].truth.tolist()


def test_sizes_change_from_batch_to_batch() -> None:
    growing = BatchPlan(2, 1, lambda update: (8 * update, 4))
    shapes = [tuple(batch.images.shape) for batch in first_batches(Numbers(), 3, plan=growing)]
    assert shapes == [(2, 1, 4, 8), (2, 1, 4, 16), (2, 1, 4, 24)]


def test_the_number_of_images_changes_from_batch_to_batch() -> None:
    """Each batch begins at the numbers it would have if all were as large as the largest."""
    counts = (3, 8, 1)
    grown = BatchPlan(8, 2, one_size, images_at=lambda batch: counts[batch - 1])
    made = first_batches(Numbers(), 3, plan=grown)
    numbers = [batch.truth[:, 0].tolist() for batch in made]
    assert numbers == [[0, 1, 2], list(range(8, 16)), [16]]
    (last,) = first_batches(Numbers(), 1, plan=grown, first=3)
    assert last.truth[:, 0].tolist() == [16]


def test_torchs_random_numbers_are_left_alone() -> None:
    """A resumed run starts its loader once more, and must not differ by that."""
    before = torch.get_rng_state()
    first_batches(Numbers(), 2)
    assert (torch.get_rng_state() == before).all()


def test_another_sample_is_drawn_for_one_that_cannot_be_read() -> None:
    (batch,) = first_batches(Numbers(1, 3, 3 + RETRY), 1)
    assert batch.unreadable == (
        "1.jpg: no such file",
        "3.jpg: no such file",
        f"{3 + RETRY}.jpg: no such file",
    )
    assert batch.images[:, 0, 0, 0].tolist() == [
        number % 200 for number in (0, 1 + RETRY, 2, 3 + 2 * RETRY)
    ]


def test_there_is_an_end_to_what_cannot_be_read() -> None:
    asked: list[int] = []

    def refuse(key: SampleKey) -> None:
        asked.append(key.number)
        raise ImageError("a.jpg: the file is empty")

    with pytest.raises(DataError, match=r"100 samples .* the last: a\.jpg: .*darknet-py check"):
        first_readable(SampleKey(5, 8, 6), refuse)
    assert asked == [5 + attempt * RETRY for attempt in range(ATTEMPTS)]


def test_only_the_death_of_workers_is_put_in_other_words() -> None:
    for text in ("DataLoader worker (pid 7) is killed by signal: Killed. ", "Too many open files"):
        expected = pytest.raises(DarknetError, match=r"samples ahead failed: .*fewer --workers")
        with expected, worker_failures():
            raise RuntimeError(text)
    with pytest.raises(RuntimeError, match="^mat1 and mat2"), worker_failures():
        raise RuntimeError("mat1 and mat2 shapes cannot be multiplied")


@pytest.fixture
def source(tmp_path: Path) -> DetectionSet:
    """Five images with mosaic, of which one is no image and one is not there."""
    paths = [
        write(tmp_path, RectangleImage(number, (60, 40), (5, 5, 40, 30)), ".png")
        for number in range(3)
    ]
    (tmp_path / "bad.png").write_text("no image")
    paths += [str(tmp_path / "bad.png"), str(tmp_path / "gone.png")]
    options = "batch=8\nmosaic=1\nhue=.1\ngaussian_noise=9\nblur=3"
    return DetectionSet(paths, AugmentConfig.of(graph(tmp_path, options, "jitter=.2")))


@pytest.fixture
def ended() -> Iterator[None]:
    """No worker outlives its test."""
    yield
    assert multiprocessing.active_children() == []


def alike(one: Batch, two: Batch) -> bool:
    same = torch.equal(one.images, two.images) and torch.equal(one.truth, two.truth)
    return same and one.unreadable == two.unreadable


@pytest.mark.usefixtures("ended")
def test_the_number_of_workers_changes_nothing(source: DetectionSet) -> None:
    alone = first_batches(source, 6)
    lines = {line for batch in alone for line in batch.unreadable}
    assert len(lines) == 2
    assert all(line.startswith((source.images[3], source.images[4])) for line in lines)
    for workers in (1, 2):
        made = first_batches(source, 3, first=4, workers=workers)
        assert all(alike(one, two) for one, two in zip(made, alone[3:], strict=True))


@pytest.mark.usefixtures("ended")
def test_more_workers_than_processors_are_said_once(
    source: DetectionSet, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """And not in torch's words as well, which are errors here."""
    monkeypatch.setattr(os, "sched_getaffinity", lambda process: {0})
    first_batches(source, 1, workers=2)
    told = "2 workers on 1 processors: more than one for each of them make loading slower"
    assert [record.getMessage() for record in caplog.records] == [told]


@pytest.mark.usefixtures("ended")
def test_errors_of_workers_arrive_in_one_line(source: DetectionSet, tmp_path: Path) -> None:
    bad = DetectionSet(source.images[3:], source.config)
    for workers in (0, 1):
        with pytest.raises(DataError, match=r"^100 samples in a row [^\n]*on the \.data file$"):
            first_batches(bad, 1, workers=workers)
    label = Path(source.images[0]).with_suffix(".txt")
    label.unlink()
    os.symlink(label, label)
    only = DetectionSet(source.images[:1], source.config)
    with pytest.raises(DataError, match=r"^\S*0\.txt: cannot be read: [^\n]*$") as caught:
        first_batches(only, 1, workers=1)
    assert caught.value.location is not None


@pytest.mark.usefixtures("ended")
def test_a_worker_that_is_killed(source: DetectionSet, monkeypatch: pytest.MonkeyPatch) -> None:
    """Signals to the terminal's processes do not reach workers; one that dies is reported."""
    # Torch looks after its workers every 5 seconds.
    wait = dataloader._MultiProcessingDataLoaderIter._try_get_data
    monkeypatch.setattr(wait, "__defaults__", (0.2,))
    made = batches(source, plan(), seed=0, workers=1)
    next(made)
    (worker,) = multiprocessing.active_children()
    assert worker.pid is not None
    assert os.getpgid(worker.pid) != os.getpgid(0)
    os.kill(worker.pid, signal.SIGKILL)
    with pytest.raises(DarknetError, match=r"^making samples ahead failed: [^\n]*--workers 0$"):
        for _ in range(99):
            next(made)


def test_a_sample_brings_the_faults_of_its_files_from_another_process(tmp_path: Path) -> None:
    """What is recorded in a worker is what it hands over: the set and its list travel together."""
    (tmp_path / "a.png").write_bytes(b"nothing")
    save(tmp_path, "b.png")
    (tmp_path / "b.txt").write_text("9 .5 .5 .2 .2\n")
    paths = [str(tmp_path / name) for name in ("a.png", "b.png")]
    config = AugmentConfig.of(graph(tmp_path))
    samples = pickle.loads(pickle.dumps(loader._Samples(DetectionSet(paths, config), seed=0)))
    faults = [samples[SampleKey(number, 64, 48)][3] for number in range(20)]
    found = {fault.entry for some in faults for fault in some}
    wrong = f"{tmp_path}/b.txt Wrong annotation: class_id = 9. But class_id should be [from 0 to 3]"
    assert found == {str(tmp_path / "a.png"), str(tmp_path / "a.txt"), wrong}
    assert [] not in [list(some) for some in faults], "each sample its own"
    assert max(map(len, faults)) < 20


def test_joined_parts_are_pinned_as_a_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    """The parts are not: that would be one more copy, and torch.cat leaves pinned memory."""
    made: list[torch.Tensor] = []

    def pinned(shape: tuple[int, ...], dtype: torch.dtype) -> torch.Tensor:
        made.append(torch.zeros(shape, dtype=dtype))
        return made[-1]

    monkeypatch.setattr(loader, "_pinned", pinned)
    (batch,), (plain,) = (first_batches(Numbers(), 1, pin=pin) for pin in (True, False))
    assert [one.data_ptr() for one in made] == [batch.images.data_ptr(), batch.truth.data_ptr()]
    assert batch.images.equal(plain.images) and batch.truth.equal(plain.truth)


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs CUDA to pin memory")
@pytest.mark.parametrize("part", [2, 4])
def test_batches_are_pinned(part: int) -> None:
    (batch,) = first_batches(Numbers(), 1, pin=True, plan=plan(part=part))
    assert batch.images.is_pinned() and batch.truth.is_pinned()
