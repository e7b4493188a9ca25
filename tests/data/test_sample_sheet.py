"""The page of training samples: the very ones, with boxes where their pixels are."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from support.coloured_samples import (
    CFG,
    HEADS,
    RectangleImage,
    graph,
    random_rectangles,
    seen,
    write,
)
from support.small_classifier import small_options

from darknet_py.augment.config import AugmentConfig
from darknet_py.augment.pixels import Pixels
from darknet_py.data import sample_sheet
from darknet_py.data.class_labels import ClassLabels
from darknet_py.data.detection_samples import DetectionSet
from darknet_py.data.loader import SampleKey
from darknet_py.data.sample_sheet import class_shares, detection_sheet, write_sheet
from darknet_py.errors import DarknetError, DataError
from darknet_py.images.contact_sheet import PAPER, SheetStyle, SheetTile
from darknet_py.images.draw import colour
from darknet_py.images.io import read_image
from darknet_py.layers.tree import UNKNOWN
from darknet_py.options.datasets import SheetOptions

NAMES = ["red", "green", "blue", "yellow"]
TITLE = 27
SIZE = (256, 192)
"""Large enough to be shown as it is."""
LABELS = ClassLabels(("cat", "dog", "bird", "fish", "newt", "toad"))


def source(folder: Path, net: str = "flip=0", **where: str) -> DetectionSet:
    made = random_rectangles(np.random.default_rng(5), [(300, 220)] * 3)
    paths = [write(folder, rectangle) for rectangle in made]
    return DetectionSet(paths, AugmentConfig.of(graph(folder, net, **where)))  # type: ignore[arg-type]


def keys(first: int, count: int, size: tuple[int, int] = SIZE) -> list[SampleKey]:
    return [SampleKey(number, *size) for number in range(first, first + count)]


def tile(page: Pixels, number: int, columns: int) -> Pixels:
    """The image of a sample, BGR."""
    width, height = SIZE[0] + 10, SIZE[1] + 3 * 17 + 20
    top, left = TITLE + number // columns * height, number % columns * width
    return page[top : top + SIZE[1], left : left + SIZE[0]]


def test_the_page_shows_the_samples_of_a_training(tmp_path: Path) -> None:
    images = source(tmp_path)
    page = detection_sheet(images, NAMES, keys(7, 5), seed=3)
    assert page.shape == (TITLE + 2 * (SIZE[1] + 71), 4 * (SIZE[0] + 10), 3)
    for number in range(5):
        pixels, _ = images.sample(7 + number, *SIZE, 3)
        away = tile(page, number, 4)[..., ::-1].astype(int) - pixels.transpose(1, 2, 0)
        # Lines and letters of the labels alone.
        assert 0 < np.abs(away).any(axis=2).mean() < 0.15
    assert (tile(page, 5, 4) == PAPER).all()
    assert (detection_sheet(images, NAMES, keys(7, 5), seed=3) == page).all()
    assert (detection_sheet(images, NAMES, keys(8, 5), seed=3) != page).any()


@pytest.mark.parametrize("kind", ["yolo", "detection"])
def test_boxes_are_drawn_around_their_pixels_in_the_colour_of_the_class(
    tmp_path: Path, kind: str
) -> None:
    rectangle = RectangleImage(3, (256, 192), (100, 80, 180, 140))
    images = DetectionSet(
        [write(tmp_path, rectangle)], AugmentConfig.of(graph(tmp_path, "flip=0", kind=kind))
    )
    page = detection_sheet(images, NAMES, keys(0, 1), seed=0)
    shown = tile(page, 0, 1)
    box_colour = colour(3, 4)
    plain = images.sample(0, *SIZE, 0)[0].transpose(1, 2, 0)
    left, top, right, bottom = seen(np.ascontiguousarray(plain), 3) or (0, 0, 0, 0)
    rows, columns = np.nonzero((shown == box_colour).all(axis=2))
    below = rows > top + 2  # the name stands above the box
    result = columns[below].min(), columns[below].max(), rows.max()
    np.testing.assert_allclose(result, (left, right, bottom), atol=2)


def test_what_is_left_out_is_named_under_its_sample(tmp_path: Path) -> None:
    images = source(tmp_path)
    (tmp_path / "bad.png").write_text("no image")
    mixed = DetectionSet([str(tmp_path / "bad.png"), *images.images], images.config)
    pages = [detection_sheet(one, NAMES, keys(0, 8), seed=0) for one in (images, mixed)]
    assert pages[0].shape == pages[1].shape
    with pytest.raises(DataError, match=r"bad\.png: not an image"):
        detection_sheet(DetectionSet(mixed.images[:1], mixed.config), NAMES, keys(0, 1), seed=0)


def test_many_boxes_bear_no_names(tmp_path: Path) -> None:
    """A page with and one without names differ in the strips of letters."""
    images = source(tmp_path)
    inks = []
    for count in (12, 13):
        for path in images.images:
            rows = [f"0 {0.05 + k / 14} 0.5 0.02 0.02" for k in range(count)]
            Path(path).with_suffix(".txt").write_text("\n".join(rows))
        page = tile(detection_sheet(images, NAMES, keys(0, 1), seed=0), 0, 1)
        inks.append((page == colour(0, 4)).all(axis=2).sum())
    assert inks[0] > 3 * inks[1] > 0


def test_labels_without_a_box_and_classes_without_a_name(tmp_path: Path) -> None:
    """YOLO9000's, which the truth holds as boxes far away; YOLOv1's cells of no class."""
    path = write(tmp_path, RectangleImage(0, (60, 40), (5, 5, 30, 30)))
    Path(path).with_suffix(".txt").write_text("2 0 0 0 0\n")
    far = DetectionSet([path], AugmentConfig.of(graph(tmp_path, fork="pjreddie")))
    assert far.config.labels_of(far.sample(0, *SIZE, 0)[1])[0, 0] == 2
    page = tile(detection_sheet(far, NAMES, keys(0, 1), seed=0), 0, 1)
    assert not (page == colour(2, 4)).all(axis=2).any()
    Path(path).with_suffix(".txt").write_text("9 .5 .5 .5 .5\n")
    cells = DetectionSet([path], AugmentConfig.of(graph(tmp_path, kind="detection")))
    page = tile(detection_sheet(cells, NAMES, keys(0, 1), seed=0), 0, 1)
    assert (page == colour(0, 4)).all(axis=2).any()


@pytest.mark.parametrize(
    ("size", "shape"),
    [((32, 32), (200, 200)), ((1000, 500), (208, 416)), ((4, 400), (400, 4)), ((1, 999), (416, 1))],
)
def test_samples_are_shown_at_a_size_to_look_at(
    tmp_path: Path, size: tuple[int, int], shape: tuple[int, int]
) -> None:
    page = detection_sheet(source(tmp_path), NAMES, keys(0, 2, size), seed=0)
    assert page.shape[:2] == (TITLE + shape[0] + 71, 2 * (shape[1] + 10))


def options(folder: Path, **options: object) -> SheetOptions:
    made = random_rectangles(np.random.default_rng(5), [(60, 44)] * 3)
    lines = [write(folder, rectangle) for rectangle in made]
    (folder / "train.txt").write_text("\n".join(lines))
    (folder / "a.data").write_text(f"classes=4\ntrain={folder / 'train.txt'}\n")
    text = CFG.format(width=64, height=48, channels=3, net="", filters=9, head=HEADS["yolo"])
    (folder / "a.cfg").write_text(text)
    paths = {"data": folder / "a.data", "cfg": folder / "a.cfg", "out": folder / "page.png"}
    return SheetOptions(**({name: str(path) for name, path in paths.items()} | options))  # type: ignore[arg-type]


def test_a_page_is_written(tmp_path: Path) -> None:
    told = write_sheet(options(tmp_path, images=3, first=2, seed=5))
    assert told == f"{tmp_path / 'page.png'}: samples 2 to 4 of a training with seed 5"
    # 64 x 48 is shown larger.
    page = read_image(tmp_path / "page.png")
    assert page.shape == (TITLE + 150 + 71, 3 * 210, 3)
    for left in (0, 210, 420):
        image = page[TITLE : TITLE + 150, left : left + 200]
        assert any(seen(image, number) for number in range(3))


def test_the_other_fork_and_another_size(tmp_path: Path) -> None:
    write_sheet(options(tmp_path, fork="pjreddie", width=300, height=300, images=1))
    page = read_image(tmp_path / "page.png")
    assert page.shape == (TITLE + 300 + 71, 310, 3)
    assert (page[TITLE:] == 128).all(axis=2).any(), "the canvas"


def test_names_of_the_data_file_and_numbers_for_those_without(tmp_path: Path) -> None:
    pages = []
    for names in (None, "apple\n", "a\nb\nc\nd\n"):
        done = options(tmp_path, images=4)
        if names:
            (tmp_path / "some.names").write_text(names)
            with open(done.data, "a") as file:
                file.write("names=some.names\n")
        write_sheet(done)
        pages.append(read_image(done.out))
    assert (pages[0] != pages[1]).any()
    assert (pages[1] != pages[2]).any()


def test_what_cannot_be_a_page(tmp_path: Path) -> None:
    with pytest.raises(DarknetError, match=r"images cannot be written as '\.txt'"):
        write_sheet(options(tmp_path, out=str(tmp_path / "page.txt")))
    with pytest.raises(DataError, match=r"a\.data: has no train="):
        done = options(tmp_path)
        Path(done.data).write_text("valid=x\n")
        write_sheet(done)


@pytest.mark.parametrize(
    ("truth", "words"),
    [
        ([0, 1, 0, 0, 0, 0], ["dog 1"]),
        ([0.25, 0, 0.75, 0, 0, 0], ["bird 0.75", "cat 0.25"]),
        ([UNKNOWN, 0.1, 0.2, 0.3, 0.05, 0.35], ["toad 0.35", "fish 0.3", "bird 0.2", "dog 0.1"]),
        ([0] * 6, []),
    ],
)
def test_classes_are_named_with_their_class_shares(truth: list[float], words: list[str]) -> None:
    assert list(class_shares(np.array(truth, np.float32), LABELS)) == words


def of_classifier(folder: Path) -> SheetOptions:
    made, out = small_options(folder), str(folder / "page.png")
    return SheetOptions(data=made.data, cfg=made.cfg, out=out, images=24)


def test_the_classifiers_page_shows_the_samples_of_a_training(tmp_path: Path) -> None:
    told = write_sheet(of_classifier(tmp_path))
    assert told == f"{tmp_path / 'page.png'}: samples 0 to 23 of a training with seed 0"
    page = cv2.imread(str(tmp_path / "page.png"))
    # 24 tiles, three rows of eight: every one has a shape whose colour is of its class.
    tiles = [part for row in np.array_split(page[25:], 3) for part in np.array_split(row, 8, 1)]
    classes = {int(tile[np.ptp(tile, axis=2) > 90].mean(axis=0).argmax()) for tile in tiles}
    assert classes == {0, 1, 2}
    assert all((np.ptp(tile, axis=2) > 90).mean() > 0.01 for tile in tiles)


def sheets(monkeypatch: pytest.MonkeyPatch) -> list[tuple[list[SheetTile], str, SheetStyle]]:
    """The tiles, titles and styles of the pages that follow, which are not drawn."""
    made: list[tuple[list[SheetTile], str, SheetStyle]] = []

    def keep(tiles: list[SheetTile], title: str, style: SheetStyle) -> Pixels:
        made.append((tiles, title, style))
        return np.zeros((8, 8, 3), np.uint8)

    monkeypatch.setattr(sample_sheet, "contact_sheet", keep)
    return made


def test_a_class_sheets_captions_are_the_classes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = sheets(monkeypatch)
    write_sheet(of_classifier(tmp_path))
    ((tiles, title, style),) = made
    assert (title, style.columns, style.lines) == ("samples 0 to 23, seed 0", 8, 4)
    assert len(tiles) == 24 and all(len(tile.caption) == 1 for tile in tiles)
    assert len({tile.caption[0].removesuffix(" 1") for tile in tiles}) == 3


def test_what_is_said_of_a_page_of_detections(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    images = source(tmp_path, "flip=0\nmosaic=1")
    (tmp_path / "bad.png").write_text("no image")
    mixed = DetectionSet([str(tmp_path / "bad.png"), *images.images], images.config)
    made = sheets(monkeypatch)
    detection_sheet(mixed, NAMES, keys(2, 4), seed=6)
    ((tiles, title, style),) = made
    assert title == "samples 2 to 5: 256 x 192, alexeyab, mosaic, seed 6"
    assert (style.columns, style.width, style.height, style.lines) == (4, 256, 192, 3)
    for number, tile in enumerate(tiles, 2):
        assert tile.caption[0].startswith(f"{number}: ")
        assert tile.caption[0].endswith(f" ({len(tile.marks)} boxes)")


def test_captions_name_what_has_no_box_and_what_is_left_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write(tmp_path, RectangleImage(0, (60, 40), (5, 5, 30, 30)))
    Path(path).with_suffix(".txt").write_text("2 0 0 0 0\n")
    bad = tmp_path / "bad.png"
    bad.write_text("no image")
    far = DetectionSet([str(bad), path], AugmentConfig.of(graph(tmp_path, fork="pjreddie")))
    made = sheets(monkeypatch)
    detection_sheet(far, NAMES, keys(0, 12), seed=0)
    captions = [tile.caption for tile in made[0][0]]
    assert all(words[0].endswith(f": {Path(path).name} (0 boxes)") for words in captions)
    assert all(words[1] == "without a box: blue" for words in captions)
    left_out = {words[2] for words in captions if len(words) > 2}
    assert len(left_out) == 1 and "left out: " in left_out.pop()
