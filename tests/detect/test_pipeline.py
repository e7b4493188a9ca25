"""The one pipeline: every user gets the same boxes of an image, in order, taken lazily."""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Iterator
from dataclasses import astuple, replace
from pathlib import Path

import numpy as np
import pytest
import torch
from support.labelled import FIRST, SECOND, data_set
from support.tiny_detector import noise_image

import darknet_py
from darknet_py import Detector, Network
from darknet_py.conversion.export_target import ExportTarget
from darknet_py.detect import nms
from darknet_py.detect.candidates import Candidates
from darknet_py.detect.decode import DecodeOptions, Suppression, decode, suppression_of
from darknet_py.detect.pipeline import (
    Detections,
    Pipeline,
    PipelineOptions,
    Timing,
    postprocess,
)
from darknet_py.detect.workers import TimedEngine, WorkerPool
from darknet_py.engines.engine import open_engine
from darknet_py.engines.table import EngineConfig
from darknet_py.evaluate.eval_pipeline import MAP_OPTIONS, entries_of, open_pipeline
from darknet_py.evaluate.map import evaluate
from darknet_py.evaluate.recall import OPTIONS as RECALL_OPTIONS
from darknet_py.evaluate.recall import measure_recall
from darknet_py.evaluate.valid import per_image, write_results
from darknet_py.export.box_rows import box_rows
from darknet_py.images.fitted_images import InputSpec, fitted_images, read_fitted
from darknet_py.images.frames import file_frame, file_source
from darknet_py.images.letterbox import Placement
from darknet_py.images.sources import open_source

NAMES = ["ant", "bee", "cow"]


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    data_set(tmp_path)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def network() -> Network:
    net = Network.from_cfg("n.cfg")
    net.load_weights("n.weights")
    return net


def detector() -> Detector:
    return darknet_py.load("n.cfg", "n.weights", NAMES)


def detections(pipeline: Pipeline, *paths: str) -> Detections:
    """Those of the images as one batch, in this thread."""
    spec = InputSpec.of(pipeline.graph)
    return pipeline(0, [read_fitted(file_frame(path), spec) for path in paths])


def endless(taken: list[int]) -> Iterator[np.ndarray]:
    for seed in itertools.count():
        taken.append(seed)
        yield noise_image(seed)


def test_detect_and_map_find_the_same_boxes(here: Path) -> None:
    matched = evaluate(network(), [FIRST, SECOND], NAMES, batch=1, keep=True).matched
    assert matched is not None
    found = detector()([FIRST, SECOND], thresh=0.005, nms=0.45, hier=0)
    for number, result in enumerate(found):  # type: ignore[arg-type]
        of_map = matched.entries.image == number
        assert of_map.sum() == len(result) > 100
        assert (matched.entries.boxes[of_map] == result.boxes.xywhn).all()
        assert (matched.entries.score[of_map] == result.boxes.confidence).all()
        assert (matched.entries.class_id[of_map] == result.boxes.class_id).all()


def test_recall_counts_the_boxes_of_its_own_options(here: Path) -> None:
    pipeline = Pipeline(
        TimedEngine(open_engine(network(), EngineConfig())),
        PipelineOptions(thresh=0.001, nms=0.4, suppression=Suppression("objectness")),
    )
    found = detections(pipeline, FIRST).candidates
    kept = int((found.objectness > 0.001).sum())
    assert 0 < kept < len(found)
    assert next(iter(measure_recall(network(), [FIRST]))).proposals == kept


def test_export_finds_the_boxes_of_detect_where_the_network_has_them(here: Path) -> None:
    """Also of a padded image, whose boxes `detect` moves back onto it."""
    cfg = Path("n.cfg")
    cfg.write_text(cfg.read_text().replace("channels=3", "channels=3\nletter_box=1"))
    net = network()
    images = [read_fitted(file_frame(path), InputSpec.of(net.graph)) for path in (FIRST, SECOND)]
    with torch.no_grad():
        heads = net(torch.stack([torch.from_numpy(image.chw) for image in images]))
    rule = suppression_of(net.graph)
    literal = nms.suppress(
        decode(net.graph, heads, DecodeOptions(0.3, 0.5, 64, 32, net.graph.fork)), rule.kind, 0.45
    )
    box, class_id = torch.nonzero(literal.scores, as_tuple=True)
    columns = (literal.image[box], class_id, literal.scores[box, class_id])
    expected = torch.cat([torch.stack([c.float() for c in columns], 1), literal.boxes[box]], 1)
    found = box_rows(net.graph, ExportTarget(thresh=0.3), heads)
    assert sorted(found.tolist()) == sorted(expected.tolist()) and len(found) > 5
    counts = [len(result) for result in detector()([FIRST, SECOND], thresh=0.3)]  # type: ignore[arg-type]
    assert counts == [int((found[:, 0] == image).sum()) for image in (0, 1)]


def test_mirrored_boxes_are_those_of_the_mirror_image(here: Path) -> None:
    """The mean of an image and its mirror image does not know which of the two it was."""
    plain, mirrored = (read_fitted(file_frame(FIRST), InputSpec.of(network().graph)),) * 2
    mirrored = type(plain)(plain.frame, plain.chw[:, :, ::-1].copy(), plain.placement)
    options = PipelineOptions(thresh=0.2, nms=0)
    tables = []
    for image in (plain, mirrored):
        found = open_pipeline(network(), options, EngineConfig(), mirrored=True)(
            0, [image]
        ).candidates
        tables.append(torch.cat([found.boxes, found.scores], 1))
    tables[1][:, 0] = 1 - tables[1][:, 0]
    one, other = (sorted(table.tolist(), key=lambda row: row[4:]) for table in tables)
    assert len(one) > 5
    np.testing.assert_allclose(one, other, atol=1e-5)
    alone = open_pipeline(network(), options, EngineConfig())(0, [plain]).candidates
    assert alone.scores.sum() != tables[0][:, 4:].sum()


@pytest.mark.parametrize(("in_pixels", "left"), [(False, [0, 1]), (True, [0, 1, 1])])
def test_overlap_in_pixels_goes_by_the_shape_of_each_image(
    in_pixels: bool, left: list[int]
) -> None:
    """greedynms takes (d2 / c2) ** .6 off an IoU of .667: .085 where the image is square, and in
    one of 10 to 1 .116; the same two boxes in both images of a batch."""
    boxes = torch.tensor([[0.5, 0.5, 0.2, 0.2], [0.54, 0.5, 0.2, 0.2]] * 2)
    scores = torch.tensor([[0.9], [0.8]] * 2)
    found = Candidates(torch.tensor([0, 0, 1, 1]), boxes, torch.ones(4), scores)
    placements = [Placement(100, 100, 32, 32), Placement(1000, 100, 32, 32)]
    rule = Suppression("greedynms")
    kept = postprocess(found, placements, rule, 0.565, in_pixels)
    assert kept.image[kept.scores[:, 0] > 0].tolist() == left
    np.testing.assert_allclose(kept.boxes.numpy()[:, 3], 0.2)


def test_valid_measures_overlap_in_pixels(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: dict[str, PipelineOptions] = {}

    def opened(_: Network, options: PipelineOptions, *rest: object) -> Pipeline:
        asked["valid"] = options
        raise InterruptedError

    monkeypatch.setattr("darknet_py.evaluate.valid.open_pipeline", opened)
    with pytest.raises(InterruptedError):
        write_results(network(), [FIRST], NAMES, here)
    assert asked["valid"].nms_in_pixels and not MAP_OPTIONS.nms_in_pixels
    assert not PipelineOptions().nms_in_pixels and not RECALL_OPTIONS.nms_in_pixels


def test_a_batch_has_its_frames_sizes_and_times(here: Path) -> None:
    pipeline = open_pipeline(network(), MAP_OPTIONS, EngineConfig())
    images = fitted_images(file_source([FIRST, SECOND, FIRST]), InputSpec.of(pipeline.graph), 4)
    (batch,) = Pipeline(pipeline.timed, PipelineOptions(batch=3)).run(images, None)
    assert [frame.path for frame in batch.frames] == [FIRST, SECOND, FIRST]
    assert (batch.first, batch.sizes) == (0, ((50, 40),) * 3)
    assert min(batch.timing.reading, batch.timing.network, batch.timing.rest) > 0
    # As images 7, 9 and 10 of a list: one between could not be read.
    numbered = zip(batch.frames, (7, 9, 10), strict=True)
    frames = tuple(replace(frame, number=number) for frame, number in numbered)
    later = Detections(7, frames, batch.candidates, batch.timing)
    assert set(entries_of(later).image.tolist()) == {7, 9, 10}
    (found, second, _) = per_image(later, [""] * 7 + [FIRST, "", SECOND, FIRST])
    assert (found.path, found.number, found.size) == (FIRST, 7, (50, 40))
    assert (second.path, second.number) == (SECOND, 9)
    assert Timing(1, 2, 3) + Timing(10, 20, 30) == Timing(11, 22, 33)


def test_an_endless_generator_is_taken_a_little_ahead_and_gives_what_a_list_does(
    here: Path,
) -> None:
    taken: list[int] = []
    ours = detector()
    stream = ours.stream(endless(taken), 0.2)
    assert taken == []
    first = list(itertools.islice(stream, 10))
    assert 10 <= len(taken) <= 10 + ahead(ours)
    expected = ours([noise_image(seed) for seed in range(10)], 0.2)
    for one, other in zip(first, expected, strict=True):  # type: ignore[arg-type]
        assert (one.boxes.xywhn == other.boxes.xywhn).all() and len(one) > 0
        assert (one.boxes.confidence == other.boxes.confidence).all()
        assert (one.image == other.image).all()
    stream.close()  # type: ignore[attr-defined]


def ahead(ours: Detector) -> int:
    """Images in reading and batches at work and waiting, of batches of one."""
    workers = WorkerPool.of(ours.engine, 1, None).workers
    return max(4, 2 * workers) + 1 + 2 * workers + 1


def test_a_generator_that_ends_gives_a_list(here: Path) -> None:
    paths = (path for path in (FIRST, SECOND))
    results = detector()(paths)
    assert isinstance(results, list) and [result.path for result in results] == [FIRST, SECOND]
    assert isinstance(detector()(noise_image() for _ in range(1)), list)


def test_a_stream_of_a_generator_that_is_left_ends_its_threads(here: Path) -> None:
    before = set(threading.enumerate())
    taken: list[int] = []
    stream = detector().stream(endless(taken), 0.2)
    next(stream)
    assert set(threading.enumerate()) > before
    stream.close()  # type: ignore[attr-defined]
    count = len(taken)
    assert set(threading.enumerate()) == before
    time.sleep(0.02)
    assert len(taken) == count


def test_an_error_of_the_generator_comes_after_the_results_before_it(here: Path) -> None:
    def broken() -> Iterator[np.ndarray]:
        yield from (noise_image(seed) for seed in range(5))
        raise OSError("the camera is gone")

    before, found = set(threading.enumerate()), []
    with pytest.raises(OSError, match="the camera is gone"):
        for result in detector().stream(broken(), 0.2):
            found.append(result)
    assert len(found) == 5 and set(threading.enumerate()) == before


def test_batches_come_in_order_with_uneven_work(here: Path) -> None:
    pipeline = open_pipeline(network(), PipelineOptions(batch=2), EngineConfig())

    def then(batch: Detections) -> list[int]:
        time.sleep((0.02, 0, 0.01)[batch.first // 2 % 3])
        return [frame.number for frame in batch.frames]

    images = fitted_images(
        open_source(noise_image(n) for n in range(13)), InputSpec.of(pipeline.graph), 4
    )
    found = list(pipeline.map(then, images, WorkerPool(3, 2, 1)))
    assert found == [[n, n + 1] for n in range(0, 12, 2)] + [[12]]


def test_seconds_begin_at_none_and_add_up() -> None:
    assert astuple(Timing()) == (0, 0, 0)
    assert astuple(Timing(1, 2, 3) + Timing(10, 20, 30)) == (11, 22, 33)
