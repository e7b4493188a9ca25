"""Numbers that stay: rows and numbers belong together, and drawn paths keep theirs."""

from __future__ import annotations

import importlib.util
import sys
import types
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from support.paths import Detections, Scene, bounced, straight, switches
from support.tiny_detector import files, noise_image

import darknet_py
from darknet_py.detect.result import Result
from darknet_py.detect.result_boxes import Boxes
from darknet_py.detect.tracking import Tracker, tracked
from darknet_py.errors import DarknetError, DataError

ROOT = Path(__file__).resolve().parents[2]
needs_trackers = pytest.mark.skipif(
    importlib.util.find_spec("trackers") is None, reason="the package trackers is not installed"
)


@dataclass
class FakeDetections:
    """What of supervision.Detections is used."""

    xyxy: np.ndarray
    confidence: np.ndarray
    data: dict[str, np.ndarray]
    tracker_id: np.ndarray = field(default_factory=lambda: np.zeros(0, int))

    def __len__(self) -> int:
        return len(self.xyxy)


class FakeByteTrack:
    """Numbers rows by their left edge, 10 pixels a number, last row first; below 10 px: none."""

    made: list[FakeByteTrack] = []

    def __init__(self, **options: Any) -> None:
        self.options, self.timestamps, self.lefts = options, list[float](), list[list[float]]()
        self.made.append(self)

    def update(self, detections: FakeDetections, timestamp: float) -> FakeDetections:
        self.timestamps.append(timestamp)
        self.lefts.append(detections.xyxy[:, 0].tolist())
        order = np.arange(len(detections))[::-1]
        ids = (detections.xyxy[order, 0] % 2**20 // 10).astype(int) - 1
        data = {"row": detections.data["row"][order]} if len(order) else {}
        return FakeDetections(detections.xyxy[order], detections.confidence[order], data, ids)


@pytest.fixture
def library(monkeypatch: pytest.MonkeyPatch) -> type[FakeByteTrack]:
    trackers, supervision = types.ModuleType("trackers"), types.ModuleType("supervision")
    trackers.ByteTrackTracker = FakeByteTrack  # type: ignore[attr-defined]
    trackers.BIoU = lambda ratio: ("BIoU", ratio)  # type: ignore[attr-defined]
    supervision.Detections = FakeDetections  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "trackers", trackers)
    monkeypatch.setitem(sys.modules, "supervision", supervision)
    monkeypatch.setattr(FakeByteTrack, "made", [])
    return FakeByteTrack


def boxes_at(*lefts: float) -> Detections:
    rows = [(left, 0, left + 5, 5) for left in lefts]
    xyxy = np.array(rows, np.float32).reshape(-1, 4)
    return xyxy, np.full(len(rows), 0.9, np.float32), np.zeros(len(rows), np.int64)


def test_numbers_go_to_the_rows_they_are_of(library: type[FakeByteTrack]) -> None:
    tracker = Tracker(25)
    actual = tracker.update(*boxes_at(32, 5, 10, 77))
    assert actual.tolist() == [3, 0, 1, 7] and actual.dtype == np.int64
    empty = tracker.update(*boxes_at())
    assert empty.shape == (0,) and empty.dtype == np.int64
    assert tracker.update(*boxes_at(9)).tolist() == [0]


def test_what_the_package_is_told(library: type[FakeByteTrack]) -> None:
    Tracker(12.5, new_track_thresh=0.4, lost_seconds=2)
    (made,) = library.made
    assert made.options.pop("iou") == ("BIoU", 0.2)
    assert made.options == {
        "lost_track_buffer": 60,
        "frame_rate": 12.5,
        "track_activation_threshold": 0.4,
        "high_conf_det_threshold": 0.4,
    }


def test_classes_lie_far_apart_and_boxes_as_far_as_they_may(library: type[FakeByteTrack]) -> None:
    xyxy, confidence, _ = boxes_at(10, 20, -1e30, 1e30)
    Tracker().update(xyxy, confidence, np.array([0, 3, 1, 1]))
    assert library.made[0].lefts == [[10, 3 * 2**20 + 20, 2**20 - 2**18, 2**20 + 2**18]]


@pytest.mark.parametrize(
    ("times", "steps"),
    [
        ([None, None, None], [0.1, 0.1, 0.1]),
        ([7.0, 7.25, 7.3], [0.1, 0.25, 0.05]),
        ([7.0, 7.0, 6.0, 6.2], [0.1, 0.1, 0.1, 0.2]),
        ([1.0, 99.0, float("inf"), float("nan"), 5.0], [0.1, 0.5, 0.1, 0.1, 0.1]),
    ],
    ids=["no times", "times", "a clock that stands or goes back", "gaps and no times"],
)
def test_the_clock_of_the_package_goes_on(
    library: type[FakeByteTrack], times: list[float | None], steps: list[float]
) -> None:
    tracker = Tracker(10)
    for time in times:
        tracker.update(*boxes_at(10), time)
    np.testing.assert_allclose(np.diff([0, *library.made[0].timestamps]), steps, atol=1e-9)


@pytest.mark.parametrize("options", [{"fps": 0}, {"fps": float("nan")}, {"lost_seconds": -1}])
def test_what_no_tracker_can_be(library: type[FakeByteTrack], options: dict[str, float]) -> None:
    (name,) = options
    with pytest.raises(DataError, match=f"^{name} of a tracker is .*: it must be above 0$"):
        Tracker(**options)


def test_boxes_that_are_no_boxes(library: type[FakeByteTrack]) -> None:
    with pytest.raises(DataError, match="finite"):
        Tracker().update(*boxes_at(3, float("nan")))


def test_the_missing_package_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setitem(sys.modules, "supervision", types.ModuleType("supervision"))
    monkeypatch.setattr(sys.modules["supervision"], "Detections", FakeDetections, raising=False)
    monkeypatch.setitem(sys.modules, "trackers", None)
    hint = "^tracking needs the package trackers: pip install trackers$"
    with pytest.raises(DarknetError, match=hint):
        Tracker()
    detector = darknet_py.load(*files(tmp_path), names=["a", "b", "c"])
    with pytest.raises(DarknetError, match=hint):
        next(detector.stream([noise_image()], track=True))


def result_of(rows: list[tuple[int, int, float, int]], frame: int = 0, **more: Any) -> Result:
    """rows: box, class, confidence, left edge in an image of 100 x 100."""
    box, class_id, confidence, left = (np.array(column) for column in zip(*rows, strict=True))
    xywhn = np.stack([left / 100 + 0.05, left * 0 + 0.5, left * 0 + 0.1, left * 0 + 0.1], 1)
    boxes = Boxes(xywhn.astype(np.float32), confidence.astype(np.float32), class_id, box, 100, 100)
    return Result("", noise_image(), boxes, ["a", "dont_show", "c"], frame=frame, **more)


def test_rows_of_one_box_share_the_number_of_its_best_class(library: type[FakeByteTrack]) -> None:
    rows = [(4, 0, 0.3, 20), (9, 2, 0.8, 50), (4, 1, 0.6, 20), (7, 0, 0.5, 5), (4, 2, 0.5, 20)]
    before = result_of(rows)
    (after,) = tracked([before], Tracker())
    assert after.boxes.track_id is not None and after.boxes.track_id.tolist() == [2, 5, 2, 0, 2]
    assert after.boxes.track_id.dtype == np.int64
    lefts = {round(left, 3) for left in library.made[0].lefts[0]}
    assert lefts == {2 * 2**20 + 50, 2**20 + 20, 5}  # of box 4 only its row of class 1
    assert after.boxes.class_id.tolist() == [0, 2, 1, 0, 2] and after.image is before.image
    assert before.boxes.track_id is None
    assert after.boxes.select([1, 3]).track_id.tolist() == [5, 0]  # type: ignore[union-attr]
    assert [found.get("track_id") for found in after.to_dict()["objects"]] == [2, 5, 0, 2]


def test_a_result_without_boxes_counts_as_a_frame(library: type[FakeByteTrack]) -> None:
    (empty,) = tracked([result_of([(0, 0, 0.5, 5)])], Tracker())
    nothing = Result("", noise_image(), empty.boxes.select([]), ["a"])
    (after,) = tracked([nothing], Tracker())
    assert after.boxes.track_id is not None and after.boxes.track_id.shape == (0,)
    assert len(library.made[1].timestamps) == 1


def test_frames_are_paced_by_their_time_or_else_by_their_number(
    library: type[FakeByteTrack],
) -> None:
    rows = [(0, 0, 0.5, 20)]
    list(tracked([result_of(rows, frame) for frame in (0, 1, 3)], Tracker(10)))
    timed = [result_of(rows, frame, time=time) for frame, time in ((0, 4.0), (1, 4.3))]
    list(tracked(timed, Tracker(10)))
    by_number, by_time = (np.diff(made.timestamps) for made in library.made)
    np.testing.assert_allclose(by_number, [0.1, 0.2])
    np.testing.assert_allclose(by_time, [0.3])


def test_who_stops_early_closes_the_results(library: type[FakeByteTrack]) -> None:
    closed = []

    def results() -> Iterator[Result]:
        try:
            while True:
                yield result_of([(0, 0, 0.5, 20)])
        finally:
            closed.append(True)

    running = results()  # held here too, so that nothing but `close` ends it
    stream = tracked(running, Tracker())
    next(stream)
    stream.close()
    assert closed == [True]


def test_a_stream_is_tracked_if_asked(library: type[FakeByteTrack], tmp_path: Path) -> None:
    detector = darknet_py.load(*files(tmp_path), names=["a", "b", "c"])
    images = [noise_image(seed) for seed in range(3)]
    plain = list(detector.stream(images, thresh=0.2))
    mine = Tracker(50)
    for track in (True, mine):
        seen = list(detector.stream(images, thresh=0.2, track=track))
        for with_numbers, without in zip(seen, plain, strict=True):
            assert without.boxes.track_id is None and with_numbers.boxes.track_id is not None
            assert len(with_numbers.boxes.track_id) == len(without) > 0
            assert (with_numbers.boxes.xywhn == without.boxes.xywhn).all()
    given, new = library.made
    assert (given.options["frame_rate"], new.options["frame_rate"]) == (50, 30)
    np.testing.assert_allclose(given.timestamps, [0.02, 0.04, 0.06])


def numbers_of(scene: Scene, tracker: Tracker | None = None) -> list[np.ndarray]:
    tracker = tracker or Tracker(scene.fps)
    return [
        tracker.update(*found, time)
        for found, time in zip(scene.detections, scene.times, strict=True)
    ]


@needs_trackers
@pytest.mark.parametrize("fps", [10, 25, 60])
def test_crossing_paths_of_two_classes(fps: float) -> None:
    """They lie on each other in the middle; even box for box alike they do not change numbers."""
    scene = straight([(0, (0, 100), (200, 100)), (1, (200, 100), (0, 100))], seconds=2, fps=fps)
    actual = numbers_of(scene)
    assert actual[0].tolist() == [0, 0]
    assert {tuple(numbers) for numbers in actual[1:]} == {(1, 2)}


@needs_trackers
def test_classes_of_large_numbers_are_tracked_as_well() -> None:
    scene = straight([(99_998, (0, 0), (60, 30)), (99_999, (60, 30), (0, 0))], seconds=1, fps=30)
    assert {tuple(numbers) for numbers in numbers_of(scene)[1:]} == {(1, 2)}


@needs_trackers
@pytest.mark.parametrize(("hidden", "expected"), [(10, 1), (25, 1), (40, 2)])
def test_an_object_that_is_hidden(hidden: int, expected: int) -> None:
    """At 30 frames a second its number lasts for one second."""
    scene = straight([(0, (0, 50), (240, 90))], seconds=3, fps=30)
    scene = scene.without(0, range(30, 30 + hidden))
    assert numbers_of(scene)[-1].tolist() == [expected]


@needs_trackers
def test_five_objects_with_jitter_and_misses() -> None:
    total = 0
    for seed in range(4):
        scene = bounced(seed, objects=5, frames=100, missed=0.1)
        total += switches(scene, numbers_of(scene))
    assert total == 0


@needs_trackers
def test_a_crowd_with_jitter_and_misses_keeps_most_of_its_numbers() -> None:
    scene = bounced(1, objects=20, frames=100, missed=0.1)
    assert switches(scene, numbers_of(scene)) <= 3


@needs_trackers
def test_frames_that_were_dropped_count_by_their_time() -> None:
    """Every third frame, now and then every sixth: the boxes have moved further, not faster."""
    scene = straight([(0, (0, 50), (600, 50)), (0, (600, 90), (0, 90))], seconds=4, fps=30)
    kept = [frame for frame in range(len(scene.times)) if frame % 3 == 0 and frame % 18 != 15]
    scene = scene.frames(kept)
    assert switches(scene, numbers_of(scene)) == 0
    assert numbers_of(scene)[-1].tolist() == [1, 2]


@needs_trackers
def test_a_frame_every_three_seconds_is_tracked_too() -> None:
    scene = straight([(0, (0, 50), (60, 50))], seconds=30, fps=1 / 3)
    assert [numbers.tolist() for numbers in numbers_of(scene)] == [[0], *[[1]] * 9]


@needs_trackers
def test_a_camera_that_pans_over_what_a_network_finds() -> None:
    """The image moves by 4 pixels a frame: so does the left edge of every number."""
    detector = darknet_py.load(ROOT / "cfg/shapes.cfg", ROOT / "data/shapes.weights")
    still = cv2.imread(str(ROOT / "data/shapes-2.jpg"))
    moves = [np.array([[1, 0, 4 * k], [0, 1, 0]], np.float32) for k in range(10)]
    images = [cv2.warpAffine(still, move, (416, 416), borderValue=(128,) * 3) for move in moves]
    first, *_, last = list(detector.stream(images, thresh=0.6, track=True))[1:]
    before, after = (
        dict(zip(r.boxes.track_id, r.boxes.xyxy[:, 0], strict=True)) for r in (first, last)
    )
    both = (before.keys() & after.keys()) - {0}
    assert len(both) >= 12
    actual = [after[number] - before[number] for number in both]
    np.testing.assert_allclose(actual, 32, atol=8)


@needs_trackers
def test_each_tracker_begins_at_one_and_does_the_same() -> None:
    scene = bounced(3, objects=8, frames=40, missed=0.1)
    first, second = numbers_of(scene), numbers_of(scene)
    assert [a.tolist() for a in first] == [b.tolist() for b in second]
    given = sorted({int(number) for numbers in first for number in numbers} - {0})
    assert given == list(range(1, len(given) + 1)) and len(given) >= 8


@needs_trackers
def test_a_weak_box_carries_a_number_on_and_begins_none() -> None:
    xyxy, _, class_id = boxes_at(10, 50)
    tracker = Tracker(30)
    weak, strong = np.array([0.9, 0.1]), np.array([0.1, 0.1])
    actual = [tracker.update(xyxy, c, class_id).tolist() for c in (weak, weak, strong, strong)]
    assert actual == [[0, 0], [1, 0], [1, 0], [1, 0]]


@needs_trackers
def test_what_flashes_up_once_gets_no_number() -> None:
    tracker = Tracker(30)
    seen = [boxes_at(10), boxes_at(), boxes_at(10), boxes_at(), boxes_at(10), boxes_at(10)]
    assert [tracker.update(*found).tolist() for found in seen] == [[0], [], [0], [], [0], [1]]


@needs_trackers
def test_boxes_without_area_or_far_outside_do_no_harm() -> None:
    tracker = Tracker(30)
    xyxy = np.array([[5, 5, 5, 5], [-1e9, 0, 1e9, 10], [0, 0, 10, 10]], np.float32)
    rows = xyxy, np.full(3, 0.9, np.float32), np.zeros(3, np.int64)
    actual = [tracker.update(*rows)[2] for _ in range(3)]
    assert actual[0] == 0 and actual[1] == actual[2] > 0
