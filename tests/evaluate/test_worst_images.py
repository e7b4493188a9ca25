"""Curves, the confusion matrix and the worst images."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from darknet_py import plots
from darknet_py.errors import DarknetError, OutputError
from darknet_py.evaluate import eval_plots
from darknet_py.evaluate.accumulator import Evidence
from darknet_py.evaluate.average_precision import Objects, rank
from darknet_py.evaluate.confusion import confusion
from darknet_py.evaluate.curves import RECALLS, over_recall, over_threshold
from darknet_py.evaluate.detections import Entries
from darknet_py.evaluate.ground_truth import Truths
from darknet_py.evaluate.worst_images import Errors, draw_worst, worst_images


def test_curves_over_the_threshold() -> None:
    score = np.array([0.2, 0.8, 0.6, 0.6], np.float32)
    hit = np.array([True, True, False, True])
    curves = over_threshold(score, hit, 4)
    assert curves.score.tolist() == pytest.approx([0.8, 0.6, 0.2])
    assert curves.precision.tolist() == pytest.approx([1, 2 / 3, 3 / 4])
    assert curves.recall.tolist() == pytest.approx([1 / 4, 2 / 4, 3 / 4])
    assert curves.f1.tolist() == pytest.approx([0.4, 4 / 7, 3 / 4])
    assert curves.best == pytest.approx((0.1, 0.75))
    best = over_threshold(score, np.array([False, True, False, True]), 3).best
    assert best == pytest.approx((0.4, 4 / 6))
    nothing = over_threshold(score[:0], hit[:0], 4)
    assert nothing.best == (0, 0)
    assert over_threshold(score, ~hit & hit, 4).f1.tolist() == [0, 0, 0]


def test_curves_over_recall() -> None:
    score = np.array([0.9, 0.8, 0.7, 0.5], np.float32)
    class_id, truth = np.array([0, 0, 0, 2]), np.array([0, -1, 1, -1])
    curves = over_recall(rank(score, class_id, truth, np.array([4, 0, 1])))
    assert curves.shape == (2, 101)
    expected = np.where(RECALLS <= 0.25, 1, np.where(RECALLS <= 0.5, 2 / 3, 0))
    assert curves[0].tolist() == pytest.approx(expected.tolist())
    assert not curves[1].any()


def evidence(folder: Path) -> Evidence:
    """Two images of 100 x 100. In the first two labels and three boxes, in the second a label."""
    names = []
    for name in ("a.png", "b.png"):
        names.append(str(folder / name))
        cv2.imwrite(names[-1], np.zeros((100, 100, 3), np.uint8))
    labels = Objects(
        np.array([0, 0, 1]),
        np.array([0, 1, 1]),
        np.array([[0.3, 0.3, 0.2, 0.2], [0.7, 0.7, 0.2, 0.2], [0.5, 0.5, 0.4, 0.4]], np.float32),
    )
    # Right; a worse second box on the same label; another class on the second label; a faint one.
    entries = Entries(
        np.array([0, 0, 0, 1]),
        np.array([0, 0, 0, 1]),
        np.array([0.9, 0.8, 0.7, 0.1], np.float32),
        np.array(
            [
                [0.3, 0.3, 0.2, 0.2],
                [0.34, 0.3, 0.2, 0.2],
                [0.7, 0.7, 0.2, 0.2],
                [0.5, 0.5, 0.4, 0.4],
            ],
            np.float32,
        ),
    )
    truths = Truths(labels, np.array([0, 2, 3]))
    sizes = np.array([[100, 100]] * 2)
    return Evidence(tuple(names), sizes, truths, entries, np.array([0, 0, -1, 2]))


def test_confusion_tells_what_is_taken_for_what(tmp_path: Path) -> None:
    seen = evidence(tmp_path)
    assert confusion(seen, 2, 0.25, 0.5).tolist() == [[1, 0, 0], [1, 0, 1], [1, 0, 0]]
    assert confusion(seen, 2, 0.05, 0.5).tolist() == [[1, 0, 0], [1, 1, 0], [1, 0, 0]]
    assert confusion(seen, 2, 0.95, 0.5).tolist() == [[0, 0, 1], [0, 0, 2], [0, 0, 0]]


def test_the_best_couple_goes_first(tmp_path: Path) -> None:
    """A box that overlaps two labels takes the nearer one, and leaves the other to the next box."""
    boxes = np.array([[0.5, 0.5, 0.4, 0.4], [0.52, 0.5, 0.4, 0.4]], np.float32)
    zero, two = np.zeros(2, np.int64), np.array([0, 2])
    truths = Truths(Objects(zero, zero, boxes), two)
    entries = Entries(zero, np.array([1, 0]), np.array([0.9, 0.8], np.float32), boxes[::-1])
    seen = Evidence(("a",), np.array([[9, 9]]), truths, entries, zero - 1)
    assert confusion(seen, 2, 0.1, 0.5).tolist() == [[1, 1, 0], [0, 0, 0], [0, 0, 0]]


def test_the_worst_images_and_their_drawing(tmp_path: Path) -> None:
    seen = evidence(tmp_path)
    assert worst_images(seen, 0.25, 5) == [Errors(0, 2, 1), Errors(1, 0, 1)]
    assert worst_images(seen, 0.05, 5) == [Errors(0, 2, 1)]
    assert [one.image for one in worst_images(seen, 0.95, 1)] == [0]
    drawn = draw_worst(seen, ["x", "y"], 0.25, 5, tmp_path / "new" / "worst")
    assert [path.name for path in drawn] == [
        "001_2-wrong_1-missed_a.jpg",
        "002_0-wrong_1-missed_b.jpg",
    ]
    first, second = (cv2.imread(str(path)).astype(int) for path in drawn)
    assert (np.abs(first - (0, 0, 230)).sum(axis=2) < 90).sum() > 100, "red boxes"
    assert (np.abs(first - (255, 160, 0)).sum(axis=2) < 90).sum() > 20, "a light blue one"
    yellow = np.abs(second - (0, 200, 255)).sum(axis=2) < 90
    assert yellow.sum() > 50, "the missed label"
    assert second[50, 28:33].max() > 100 > second[50, 40:60].max(), "and at its place"
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="file: cannot be made"):
        draw_worst(seen, ["x", "y"], 0.25, 5, tmp_path / "file")


def test_a_box_that_is_best_but_not_first_hits(tmp_path: Path) -> None:
    seen = evidence(tmp_path)
    entries = seen.entries
    turned = Entries(entries.image, entries.class_id, entries.score[[1, 0, 2, 3]], entries.boxes)
    again = Evidence(seen.images, seen.sizes, seen.truths, turned, seen.truth)
    assert worst_images(again, 0.85, 1) == [Errors(0, 0, 1)]


def test_without_matplotlib_the_message_says_how_to_get_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(__import__("sys").modules, "matplotlib.figure", None)
    with pytest.raises(DarknetError, match="--curves needs the package .*pip install matplotlib"):
        plots.require_matplotlib("--curves")
    with pytest.raises(OutputError, match="figures are drawn as .png, .jpg, .svg, .pdf"):
        plots.require_image(Path("o.bmp"))


def test_a_matrix_of_many_classes_has_no_names(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    sides = []
    for classes in (2, 130):
        path = tmp_path / f"{classes}.png"
        names = [str(number) for number in range(classes)]
        eval_plots.draw_confusion(path, np.eye(classes + 1, dtype=int), names, "title")
        sides.append(cv2.imread(str(path)).shape[0])
    assert sides[0] < sides[1] <= eval_plots.LARGEST * plots.RESOLUTION
