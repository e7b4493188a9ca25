"""`map`, `valid` and `recall` among several: the numbers and the files of one."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from support.labelled import FIRST, SECOND, data_set
from support.thread_group import in_threads

from darknet_py import Network
from darknet_py.distributed.context import ALONE, DistributedContext
from darknet_py.errors import DataError
from darknet_py.evaluate.map import evaluate
from darknet_py.evaluate.map_result import MapResult
from darknet_py.evaluate.recall import measure_recall
from darknet_py.evaluate.valid import write_results

NAMES = ["ant", "bee", "cow"]
BAD = "gone.png"
IMAGES = [FIRST, SECOND, BAD, SECOND, FIRST, FIRST, BAD, SECOND, FIRST]


@pytest.fixture
def net(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Network:
    data_set(tmp_path)
    monkeypatch.chdir(tmp_path)
    network = Network.from_cfg("n.cfg")
    network.load_weights("n.weights")
    return network


def without_times(result: MapResult) -> MapResult:
    return replace(result, seconds=0.0, timing=type(result.timing)())


@pytest.mark.parametrize("world", [2, 3])
def test_metrics_are_those_of_one_process(net: Network, world: int) -> None:
    passed: list[int] = []

    def work(context: DistributedContext) -> MapResult:
        how: dict[str, Any] = {"batch": 2, "keep": True, "progress": passed.append}
        return evaluate(net, IMAGES, NAMES, context=context, **how)

    one = work(ALONE)
    assert sum(passed) == 7 and len(one.left_out) == 2 and one.detections_count > 10
    passed.clear()
    shared = in_threads(world, work)
    assert sum(passed) == 7
    for result in shared:
        assert without_times(result) == without_times(one)
        assert result.ranking.score.tolist() == one.ranking.score.tolist()
        assert result.ranking.hit.tolist() == one.ranking.hit.tolist()
        assert result.matched.entries.image.tolist() == one.matched.entries.image.tolist()  # type: ignore[union-attr]
        assert result.matched.sizes.tolist() == one.matched.sizes.tolist()  # type: ignore[union-attr]
        assert result.timing.network > 0


@pytest.mark.parametrize("form", ["voc", "imagenet", "kitti"])
def test_the_first_writes_the_files_of_one_process(net: Network, tmp_path: Path, form: str) -> None:
    def work(context: DistributedContext) -> tuple[int, int]:
        folder = tmp_path / ("one" if context.world == 1 else f"two-{context.rank}")
        written = write_results(net, IMAGES, NAMES, folder, form=form, batch=2, context=context)
        return written.entries, written.images

    one = work(ALONE)
    assert in_threads(2, work) == [one, one] and one[1] == 7
    files = [
        {path.name: path.read_bytes() for path in (tmp_path / name).rglob("*.txt")}
        for name in ("one", "two-0")
    ]
    assert files[0] == files[1] and any(files[0].values())
    assert not (tmp_path / "two-1").exists()


def test_recall_counts_image_by_image(net: Network) -> None:
    def work(context: DistributedContext) -> list[Any]:
        return list(measure_recall(net, IMAGES, batch=2, context=context))

    first, other = in_threads(2, work)
    assert first == work(ALONE) and len(first) == 7 and other == []


def test_one_without_a_readable_image_goes_on_and_all_without_one_end(net: Network) -> None:
    def work(images: list[str], context: DistributedContext) -> MapResult:
        return evaluate(net, images, NAMES, batch=1, context=context)

    assert [one.left_out != () for one in in_threads(2, lambda c: work([FIRST, BAD], c))] == [
        True
    ] * 2
    Path("gone.txt").write_text("0 .5 .5 .1 .1\n")
    errors = in_threads(2, lambda context: work([BAD, BAD], context))
    assert all(isinstance(error, DataError) for error in errors)
    assert str(errors[0]) == str(errors[1])
    assert str(errors[0]).startswith("none of 2 images can be read, the first: gone.png: ")
