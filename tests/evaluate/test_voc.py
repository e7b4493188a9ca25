"""VOC's AP of comp4 files against the steps of VOC's script."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from darknet_py.errors import DarknetError, DataError
from darknet_py.evaluate.voc import from_labels, from_xml, score_files

NAMES = ["cat", "dog"]
OBJECT = (
    "<object><name>{}</name><difficult>{:d}</difficult><bndbox><xmin>{}</xmin><ymin>{}</ymin>"
    "<xmax>{}</xmax><ymax>{}</ymax></bndbox></object>"
)
Row = tuple[str, bool, list[int]]


def example(
    seed: int,
) -> tuple[dict[str, list[Row]], dict[str, list[tuple[str, float, list[float]]]]]:
    """Objects of each image, and lines of each class."""
    random = np.random.default_rng(seed)
    objects: dict[str, list[Row]] = {}
    lines_of: dict[str, list[tuple[str, float, list[float]]]] = {name: [] for name in NAMES}
    for number in range(8):
        rows = objects.setdefault(f"p{number}", [])
        for _ in range(4):
            corner, size = random.integers(1, 150, 2), random.integers(20, 80, 2)
            box = [*corner.tolist(), *(corner + size).tolist()]
            name = NAMES[random.integers(2)]
            rows.append((name, bool(random.random() < 0.25), box))
            for _ in range(3):
                shaken = (np.array(box) + random.normal(0, 6, 4)).round(3).tolist()
                lines_of[name].append((f"p{number}", round(float(random.random()), 6), shaken))
    return objects, lines_of


def write(folder: Path, seed: int) -> list[str]:
    """The example as files; gives the paths of the images, which need not be there."""
    objects, lines_of = example(seed)
    (folder / "Annotations").mkdir()
    for image, rows in objects.items():
        text = "".join(OBJECT.format(name, hard, *box) for name, hard, box in rows)
        (folder / "Annotations" / f"{image}.xml").write_text(f"<annotation>{text}</annotation>")
    for name, lines in lines_of.items():
        text = "".join(f"{p} {s:f} {' '.join(map(str, box))}\n" for p, s, box in lines)
        (folder / f"comp4_det_test_{name}.txt").write_text(text)
    return [str(folder / "JPEGImages" / f"{image}.jpg") for image in objects]


def literal(seed: int, name: str, thresh: float, points: int) -> float:
    objects, lines_of = example(seed)
    there = {p: [(hard, box) for n, hard, box in rows if n == name] for p, rows in objects.items()}
    taken: set[tuple[str, int]] = set()
    hits = []
    for image, _, box in sorted(lines_of[name], key=lambda line: -line[1]):
        best, row = -1.0, -1
        for k, (_, other) in enumerate(there[image]):
            width = min(box[2], other[2]) - max(box[0], other[0]) + 1
            height = min(box[3], other[3]) - max(box[1], other[1]) + 1
            inside = max(width, 0) * max(height, 0)
            areas = [(b[2] - b[0] + 1) * (b[3] - b[1] + 1) for b in (box, other)]
            overlap = inside / (sum(areas) - inside)
            if overlap > best:
                best, row = overlap, k
        if best <= thresh:
            hits.append(False)
        elif not there[image][row][0]:
            hits.append((image, row) not in taken)
            taken.add((image, row))
    labels = sum(not hard for rows in there.values() for hard, _ in rows)
    tp = np.cumsum(hits)
    recall, precision = tp / labels, tp / np.arange(1, len(hits) + 1)
    if points == 11:
        steps = np.arange(0.0, 1.1, 0.1)
        return sum(max(precision[recall >= t], default=0.0) for t in steps) / 11
    return sum(
        (recall[k] - (recall[k - 1] if k else 0)) * max(precision[k:]) for k in range(len(hits))
    )


@pytest.mark.parametrize("points", [0, 11])
@pytest.mark.parametrize("seed", range(3))
def test_the_steps_of_vocs_script(tmp_path: Path, seed: int, points: int) -> None:
    images = write(tmp_path, seed)
    for thresh in (0.5, 0.7):
        result = score_files(
            tmp_path, NAMES, images, from_xml(NAMES), iou_thresh=thresh, points=points
        )
        expected = [literal(seed, name, thresh, points) for name in NAMES]
        assert [ap for _, ap, _ in result.aps] == pytest.approx(expected, abs=1e-9)
        assert 0.02 < result.mean < 0.98
    assert result.text().splitlines()[0] == f"AP for cat = {expected[0]:.4f}"
    assert result.text().splitlines()[-1] == f"Mean AP = {sum(expected) / 2:.4f}"
    other = from_xml(NAMES, str(tmp_path / "Annotations"))
    again = score_files(tmp_path, NAMES, ["x/" + Path(i).name for i in images], other)
    assert again.aps[0][2] == result.aps[0][2]


def test_labels_lie_where_detections_of_the_same_boxes_do(tmp_path: Path) -> None:
    cv2.imwrite(str(tmp_path / "p.png"), np.zeros((100, 200, 3), np.uint8))
    (tmp_path / "p.txt").write_text("1 0.5 0.5 0.25 0.4\n")
    annotation = from_labels(2)(str(tmp_path / "p.png"))
    # `valid` writes x - w / 2 + 1 and x + w / 2 + 1.
    assert annotation.corners.tolist() == [pytest.approx([76, 31, 126, 71])]
    assert annotation.class_id.tolist() == [1] and not annotation.difficult.any()
    (tmp_path / "p.txt").write_text("2 0.5 0.5 0.25 0.4\n")
    with pytest.raises(DataError, match="p.txt: holds a class that is not in 0 to 1"):
        from_labels(2)(str(tmp_path / "p.png"))


LINE = "p0 0.5 1 2 3 4\n"
BAD = {
    "missing": (None, "comp4_det_test_cat.txt: cannot be read: No such file"),
    "too short": (
        LINE + "p0 0.5 1 2 3",
        "cat.txt:2: read 'p0 0.5 1 2 3', expected image, score, left, top",
    ),
    "words": (LINE + "p0 0.5 1 2 3 x", "cat.txt:2: read 'p0 0.5 1 2 3 x', expected image, score"),
    "nan": (LINE + "p0 nan 1 2 3 4", "cat.txt:2: read 'p0 nan 1 2 3 4', expected image"),
    "huge": (LINE * 3 + "p0 .5 1 2 1e308 4", "cat.txt:4: read 'p0 .5 1 2 1e308 4', expected"),
    "uneven": ("p0 .5 1 2 3\np0 .5 1 2 3 4 5\n", "cat.txt:1: read 'p0 .5 1 2 3', expected"),
    "other images": (
        LINE + "q0 0.5 1 2 3 4",
        "cat.txt:2: read image 'q0', which is not in the list of images",
    ),
}


@pytest.mark.parametrize("what", BAD)
def test_comp4_files_that_are_none(tmp_path: Path, what: str) -> None:
    images = write(tmp_path, 0)
    text, expected = BAD[what]
    path = tmp_path / "comp4_det_test_cat.txt"
    path.unlink() if text is None else path.write_text(text)
    with pytest.raises(DataError) as caught:
        score_files(tmp_path, NAMES, images, from_xml(NAMES))
    assert expected in str(caught.value)


def test_empty_comp4_files_are_an_ap_of_0(tmp_path: Path) -> None:
    images = write(tmp_path, 0)
    for name in NAMES:
        (tmp_path / f"comp4_det_test_{name}.txt").write_text("")
    assert score_files(tmp_path, NAMES, images, from_xml(NAMES)).mean == 0


CAT = (
    "<object><name>cat</name><bndbox><xmin>1</xmin><ymin>2</ymin><xmax>5</xmax><ymax>6</ymax>"
    "</bndbox></object>"
)
XML = {
    "<annotation>": "is no annotation of VOC's: no element found",
    "<a><object><name>cow</name></object></a>": "object 1 names class 'cow', which",
    "<a><object><name>cat</name></object></a>": "object 1, bndbox/xmin: read '', expected a",
    "<?xml version='1.0' encoding='none'?><a/>": "is no annotation of VOC's: ",
    f"<a>{CAT}{CAT.replace('5', '1e999')}</a>": "object 2, bndbox/xmax: read '1e999', exp",
}


@pytest.mark.parametrize("text", XML)
def test_annotations_that_are_none(tmp_path: Path, text: str) -> None:
    images = write(tmp_path, 0)
    (tmp_path / "Annotations" / "p3.xml").write_text(text)
    with pytest.raises(DataError) as caught:
        score_files(tmp_path, NAMES, images, from_xml(NAMES))
    assert f"p3.xml: {XML[text]}" in str(caught.value)


def test_no_objects_at_all_are_refused(tmp_path: Path) -> None:
    images = write(tmp_path, 0)
    for path in (tmp_path / "Annotations").iterdir():
        path.write_text("<annotation></annotation>")
    with pytest.raises(DataError, match="no objects in any of the 8 images"):
        score_files(tmp_path, NAMES, images, from_xml(NAMES))


def test_numbers_that_give_no_ap_are_refused(tmp_path: Path) -> None:
    images = write(tmp_path, 0)
    with pytest.raises(DarknetError, match="iou_thresh is 2, expected 0 to 1"):
        score_files(tmp_path, NAMES, images, from_xml(NAMES), iou_thresh=2)
    with pytest.raises(DarknetError, match="points is 1, expected 0"):
        score_files(tmp_path, NAMES, images, from_xml(NAMES), points=1)
