"""Images through the pipeline tile by tile: a stand-in that finds what is white, and real nets."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from support.tiny_detector import files, noise_image, save

import darknet_py
from darknet_py import Detector, Result
from darknet_py.detect.candidates import Candidates
from darknet_py.detect.decode import Suppression
from darknet_py.detect.pipeline import Detections, Pipeline, PipelineOptions, Timing
from darknet_py.detect.tiled_detection import merged
from darknet_py.detect.tiles import Tiling
from darknet_py.errors import DataError, ImageError
from darknet_py.images.fitted_images import FittedImage, InputSpec
from darknet_py.images.frames import Frame, FrameSource, PendingFrame, decoded_frame
from darknet_py.synthetic.shape_images import draw_image

ROOT = Path(__file__).resolve().parents[2]
WIDTH, HEIGHT = 115, 57
"""Of an image whose 2 x 2 tiles are as large as the network's input, 64 x 32, and not resized."""
Edges = tuple[int, int, int, int]


@pytest.fixture
def detector(tmp_path: Path) -> Detector:
    return darknet_py.load(*files(tmp_path), names=["a", "b", "c"])


class FindsWhite(Pipeline):
    """Finds the box around what is white in each tile, and nothing in an image as a whole."""

    groups: list[int] = []
    """How many images each batch has."""

    def __call__(self, first: int, group: Sequence[FittedImage]) -> Detections:
        self.groups.append(len(group))
        boxes = [white_box(image) for image in group]
        found = [number for number, box in enumerate(boxes) if box is not None]
        table = Candidates(
            torch.tensor(found, dtype=torch.int64),
            torch.tensor([boxes[number] for number in found], dtype=torch.float32).reshape(-1, 4),
            torch.ones(len(found)),
            torch.tensor([[0.0, 0.9, 0.0]]).repeat(len(found), 1),
        )
        frames = tuple(image.frame for image in group)
        return Detections(first, frames, table, Timing(network=0.001 * len(group)))


def white_box(image: FittedImage) -> tuple[float, ...] | None:
    if image.placement.image_width == WIDTH:
        return None
    rows, columns = np.nonzero(image.chw[0] == 1)
    if not len(rows):
        return None
    left, right, top, bottom = columns.min(), columns.max() + 1, rows.min(), rows.max() + 1
    return (left + right) / 128, (top + bottom) / 64, (right - left) / 64, (bottom - top) / 32


@pytest.fixture
def white(detector: Detector, monkeypatch: pytest.MonkeyPatch) -> Detector:
    monkeypatch.setattr(FindsWhite, "groups", [])
    monkeypatch.setattr("darknet_py.detect.detector.Pipeline", FindsWhite)
    return detector


def black(*boxes: Edges) -> np.ndarray:
    """A black image with white boxes."""
    image = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
    for left, top, right, bottom in boxes:
        image[top:bottom, left:right] = 255
    return image


@pytest.mark.parametrize(
    "box",
    [
        *((5, 4, 21, 15), (90, 3, 107, 9), (3, 40, 40, 50), (80, 41, 101, 53)),
        pytest.param((53, 5, 60, 14), id="in two tiles"),
        pytest.param((54, 27, 61, 30), id="in all four"),
        pytest.param((49, 4, 68, 15), id="cut by two, put together"),
        pytest.param((60, 6, 71, 14), id="a part in one, the whole in the other"),
        pytest.param((0, 0, 9, 7), id="in the corner"),
    ],
)
def test_a_box_is_found_to_the_pixel(white: Detector, box: Edges) -> None:
    result = white(black(box), tile="2x2")
    assert isinstance(result, Result)
    assert result.boxes.xyxy.tolist() == [pytest.approx(box, abs=1e-4)]
    assert (result.boxes.class_id.tolist(), result.boxes.width) == ([1], WIDTH)
    assert (result.image == black(box)).all()


def test_the_time_of_an_image_is_that_of_all_its_tiles(white: Detector) -> None:
    images = [black((5, 4, 21, 15))] * 3
    results = white(images, tile="2x2", batch=4)
    assert [result.milliseconds for result in results] == [pytest.approx(5)] * 3  # type: ignore[union-attr]
    assert sum(FindsWhite.groups) == 15


def test_results_are_those_of_their_images_in_order(white: Detector) -> None:
    boxes = [(5 + number, 4, 21, 15) for number in range(7)]
    for batch in (1, 3, 64):
        results = list(white.stream([black(box) for box in boxes], tile="2x2", batch=batch))
        found = [result.boxes.xyxy.round(3).tolist() for result in results]
        assert found == [[list(box)] for box in boxes]
        assert [result.frame for result in results] == list(range(7))


def test_images_of_all_sizes_in_one_run(white: Detector) -> None:
    """Those that one tile would hold are seen once."""
    large, small = np.zeros((60, 120, 3), np.uint8), np.zeros((20, 30, 3), np.uint8)
    large[5:15, 4:24], small[5:15, 4:14] = 255, 255
    results = list(white.stream([large, small, small, large], tile="auto", batch=2))
    assert [len(result) for result in results] == [1, 1, 1, 1]
    assert sum(FindsWhite.groups) == 2 * (1 + 2 * 2) + 2


def frames_of(images: Sequence[np.ndarray], taken: list[int]) -> Iterator[PendingFrame]:
    for number, image in enumerate(images):
        taken.append(number)
        yield decoded_frame(image, "", number, number / 25)


def test_of_a_live_source_no_frame_is_taken_too_early(white: Detector) -> None:
    """Nor do two of them share a batch."""
    taken: list[int] = []
    source = FrameSource(frames_of([black((5, 4, 21, 15))] * 3, taken), live=True)
    options, spec = PipelineOptions(batch=3), InputSpec.of(white.graph)
    results = white.results(source, options, spec, tiling=Tiling(2, 2))
    for number, result in enumerate(results):
        assert taken == list(range(number + 1))
        assert result.boxes.xyxy.round(3).tolist() == [[5, 4, 21, 15]]
        assert (result.frame, result.time) == (number, number / 25)
    assert FindsWhite.groups == [3, 2] * 3


def test_few_tiles_are_fitted_before_they_are_wanted(
    white: Detector, monkeypatch: pytest.MonkeyPatch
) -> None:
    from darknet_py.detect import tiled_detection

    fitted, lock, whole = [0], threading.Lock(), tiled_detection.fitted_tile

    def counted(*given: object, **named: object) -> FittedImage:
        with lock:
            fitted[0] += 1
        return whole(*given, **named)  # type: ignore[arg-type]

    class Slow(FindsWhite):
        def __call__(self, first: int, group: Sequence[FittedImage]) -> Detections:
            most.append(fitted[0] - first)
            return super().__call__(first, group)

    most: list[int] = []
    monkeypatch.setattr(tiled_detection, "fitted_tile", counted)
    monkeypatch.setattr("darknet_py.detect.detector.Pipeline", Slow)
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        white(np.zeros((2000, 3000, 3), np.uint8), tile="auto")
    finally:
        torch.set_num_threads(before)
    assert sum(FindsWhite.groups) == 65
    assert max(most) < 20


def test_a_stream_that_is_left_leaves_no_thread(white: Detector) -> None:
    before = set(threading.enumerate())
    stream = white.stream([black((5, 4, 21, 15))] * 20, tile="2x2")
    next(stream)
    stream.close()  # type: ignore[attr-defined]
    assert set(threading.enumerate()) == before


def test_what_cannot_be_read_is_left_out(white: Detector, tmp_path: Path) -> None:
    good = save(tmp_path, "a.png", "c.png")
    (tmp_path / "b.png").write_text("hello")
    paths, errors = [good[0], tmp_path / "b.png", good[1]], []

    def on_error(path: str, error: ImageError) -> None:
        errors.append((Path(path).name, str(error)))

    results = list(white.stream(paths, tile="2x2", on_error=on_error))
    assert [Path(result.path).name for result in results] == ["a.png", "c.png"]
    assert [name for name, _ in errors] == ["b.png"] and "not an image" in errors[0][1]
    with pytest.raises(ImageError, match="not an image"):
        white(paths, tile="2x2")
    assert list(white.stream([], tile="2x2")) == []


def test_nonsense_is_refused_before_an_image_is_read(detector: Detector) -> None:
    with pytest.raises(DataError, match="tile 'many': expected"):
        detector("missing.png", tile="many")
    with pytest.raises(DataError, match="without tiles"):
        next(iter(detector.stream(noise_image(), overlap=0.5)))


def rows_of(result: Result) -> list[list[float]]:
    boxes = result.boxes
    columns = (boxes.class_id[:, None], boxes.confidence[:, None], boxes.xywhn)
    return np.concatenate(columns, axis=1).tolist()


@pytest.mark.parametrize("tile", ["1x1", "auto"])
def test_a_single_tile_is_plain_detection(detector: Detector, tile: str) -> None:
    images = [noise_image(seed) for seed in range(3)]
    for source in (images[0], images):
        plain, tiled = (detector(source, 0.2, tile=given) for given in (None, tile))
        pairs = zip(plain, tiled, strict=True) if isinstance(plain, list) else [(plain, tiled)]
        for one, other in pairs:
            assert rows_of(one) == rows_of(other) and len(one) > 0


def test_batches_change_nothing(detector: Detector) -> None:
    images = [noise_image(seed, 120, 70) for seed in range(2)]
    alone = detector(images, 0.3, tile="2x2")
    for batch in (3, 100):
        for one, other in zip(alone, detector(images, 0.3, tile="2x2", batch=batch), strict=True):  # type: ignore[arg-type]
            np.testing.assert_allclose(rows_of(one), rows_of(other), atol=1e-5)
            assert len(one) > 20


def test_nms_0_keeps_all_that_is_found(detector: Detector) -> None:
    """As many boxes as in the tiles one by one, and in the image."""
    image = noise_image(1, WIDTH, HEIGHT)
    windows = Tiling(2, 2).windows((WIDTH, HEIGHT), (64, 32))
    views = [image, *(image[w.top : w.top + w.height, w.left : w.left + w.width] for w in windows)]
    one_by_one = [detector(np.ascontiguousarray(view), 0.2, nms=0) for view in views]
    whole = detector(image, 0.2, nms=0, tile="2x2")
    assert sum(len(result) for result in one_by_one) == len(whole)
    scores = np.concatenate([result.boxes.confidence for result in one_by_one])  # type: ignore[union-attr]
    found = whole.boxes.confidence  # type: ignore[union-attr]
    np.testing.assert_allclose(np.sort(found), np.sort(scores), atol=1e-5)
    assert 0 < len(detector(image, 0.2, tile="2x2")) < len(whole)


@pytest.mark.parametrize(("in_pixels", "left"), [(False, 1), (True, 2)])
def test_overlap_can_be_measured_in_pixels(in_pixels: bool, left: int) -> None:
    """greedynms takes (d2 / c2) ** .6 off an IoU of .667: .085 in shares of the image, and .116 in
    pixels of one of 10 to 1."""
    frame, none = Frame("", 0, None, (1000, 100), None), Candidates.empty(1)
    found = Candidates(
        torch.zeros(2, dtype=torch.int64),
        torch.tensor([[0.5, 0.5, 0.2, 0.2], [0.54, 0.5, 0.2, 0.2]]),
        torch.ones(2),
        torch.tensor([[0.9], [0.8]]),
    )
    parts = [Detections(0, (frame,), table, Timing()) for table in (found, none, none)]
    options = PipelineOptions(nms=0.565, nms_in_pixels=in_pixels)
    windows = Tiling(2, 1).windows(frame.size, (32, 32))
    table = merged(parts, windows, options, Suppression("greedynms")).candidates
    assert int((table.scores > 0).sum()) == left


def test_letter_boxed_tiles_keep_their_own_aspect(white: Detector) -> None:
    """Tiles of 64 x 32 fill the input; those of a square image do not, and are padded."""
    result = white(black((90, 3, 107, 9)), letter_box=True, tile="2x2")
    assert result.boxes.xyxy.tolist() == [pytest.approx((90, 3, 107, 9), abs=1e-4)]  # type: ignore[union-attr]


def shapes_canvas(seed: int) -> tuple[np.ndarray, np.ndarray]:
    """3 x 3 drawn images as one of 1248 x 1248, and its labels (K, 5)."""
    canvas, labels = np.zeros((1248, 1248, 3), np.uint8), []
    for number in range(9):
        y, x = divmod(number, 3)
        pixels, rows = draw_image(np.random.default_rng((seed, number)), 416, 416)
        canvas[y * 416 : y * 416 + 416, x * 416 : x * 416 + 416] = pixels
        labels.append(np.c_[rows[:, 0], (rows[:, 1:3] + (x, y)) / 3, rows[:, 3:] / 3])
    return canvas, np.concatenate(labels)


def recall_and_precision(result: Result, labels: np.ndarray) -> tuple[float, float]:
    """With boxes of the right class and an IoU above one half, each label found once."""
    boxes, hit = result.boxes, np.zeros(len(labels), np.bool_)
    for row in np.argsort(-boxes.confidence):
        overlap = iou(boxes.xywhn[row], labels[:, 1:]) * (labels[:, 0] == boxes.class_id[row])
        overlap[hit] = 0
        hit[overlap.argmax()] |= overlap.max() > 0.5
    return hit.mean(), hit.sum() / len(boxes)


def iou(box: np.ndarray, others: np.ndarray) -> np.ndarray:
    low = np.maximum(box[:2] - box[2:] / 2, others[:, :2] - others[:, 2:] / 2)
    high = np.minimum(box[:2] + box[2:] / 2, others[:, :2] + others[:, 2:] / 2)
    shared = np.clip(high - low, 0, None).prod(axis=1)
    return shared / (box[2:].prod() + others[:, 2:].prod(axis=1) - shared)


def test_small_shapes_of_a_large_image_are_found() -> None:
    detector = darknet_py.load(ROOT / "cfg" / "shapes.cfg", ROOT / "data" / "shapes.weights")
    canvas, labels = shapes_canvas(0)
    found = {}
    for tile in (None, "2x2", "4x4"):
        result = detector(canvas, thresh=0.6, tile=tile)
        found[tile] = recall_and_precision(result, labels)  # type: ignore[arg-type]
    assert found[None][0] < 0.3 and found["2x2"][0] > 0.6 and found["4x4"][0] > 0.85
    assert found["4x4"][1] > found[None][1] - 0.1, "not for many more wrong ones"


def test_a_video_is_seen_tile_by_tile(white: Detector, tmp_path: Path) -> None:
    path = tmp_path / "v.avi"
    frame = np.zeros((56, 116, 3), np.uint8)
    frame[4:20, 8:24] = 255
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*"MJPG"), 25, (116, 56))  # type: ignore[attr-defined]
    for _ in range(3):
        writer.write(frame)
    writer.release()
    results = list(white.stream(str(path), tile="2x2", batch=4))
    assert [result.frame for result in results] == [0, 1, 2]
    assert sum(FindsWhite.groups) == 15
