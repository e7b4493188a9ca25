"""What detection heads answer to other rooms."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from support.layer_check import read

from darknet_py.forks import ALEXEYAB, PJREDDIE
from darknet_py.layers.head import Head, RawBoxes, Suppression, shares
from darknet_py.layers.shape import Shape

NET = "[net]\nwidth=64\nheight=32\nchannels=3\n"
CONV = "[convolutional]\nfilters={}\nsize=1\nactivation=linear\n"
YOLO = "[yolo]\nclasses=3\nnum=3\nmask=0,2\nanchors=4,6,9,9\n"
SECTIONS = {
    "yolo": CONV.format(16) + YOLO + "iou_loss=ciou\nnew_coords=1\nscale_x_y=2\n",
    "gaussian": CONV.format(24) + YOLO.replace("yolo", "Gaussian_yolo") + "nms_kind=diounms\n",
    "region": CONV.format(18) + "[region]\nclasses=3\ncoords=5\nnum=2\nanchors=1,2,3\n",
    "detection": "[connected]\noutput=117\n[detection]\nclasses=3\ncoords=4\nnum=2\nside=3\n",
}
GRID, PIXELS = torch.tensor([8.0, 4.0]), torch.tensor([64.0, 32.0])
CORNER, ANCHOR = torch.tensor([5.0, 2.0]), torch.tensor([16.0, 4.0])


def head(kind: str, options: str = "", fork: str = "alexeyab") -> Head:
    (actual,) = read(NET + SECTIONS[kind] + options, fork).detection_heads
    return actual


def raw(values: list[float], **changes: Any) -> RawBoxes:
    parts = {"corner": CORNER, "anchor": ANCHOR, "grid": GRID, "pixels": PIXELS} | changes
    return RawBoxes(torch.tensor(values), **parts)


def same(actual: torch.Tensor, expected: list[float]) -> None:
    torch.testing.assert_close(actual, torch.tensor(expected))


@pytest.mark.parametrize(
    ("kind", "coordinates", "entries", "unit", "sizes"),
    [
        ("yolo", 4, 8, "pixels", [(4.0, 6.0), (0.5, 0.5)]),
        ("gaussian", 8, 12, "pixels", [(4.0, 6.0), (0.5, 0.5)]),
        ("region", 5, 9, "cells", [(1.0, 2.0), (3.0, 0.5)]),
        ("detection", 4, 8, "", [(1.0, 1.0), (1.0, 1.0)]),
    ],
)
def test_values_and_anchors(
    kind: str, coordinates: int, entries: int, unit: str, sizes: list[tuple[float, float]]
) -> None:
    layer = head(kind)
    assert (layer.coordinates, layer.entries, layer.ANCHOR_UNIT) == (coordinates, entries, unit)
    assert layer.sizes == sizes and len(layer.masks) == 2 and layer.classes == 3


@pytest.mark.parametrize(
    ("kind", "of_alexeyab", "of_pjreddie"),
    [("yolo", 200, 90), ("gaussian", 200, 90), ("region", 200, 30), ("detection", 200, 90)],
)
def test_labels_of_an_image(kind: str, of_alexeyab: int, of_pjreddie: int) -> None:
    layer = head(kind)
    assert layer.most_labels(ALEXEYAB) == of_alexeyab
    assert layer.most_labels(PJREDDIE) == of_pjreddie
    assert head(kind, "max=7\n").most_labels(PJREDDIE) == 7


def test_only_detection_wants_its_labels_by_cells() -> None:
    assert {kind: head(kind).label_grid for kind in SECTIONS} == {
        "yolo": 0,
        "gaussian": 0,
        "region": 0,
        "detection": 3,
    }


def test_what_each_head_asks_of_suppression() -> None:
    options = "nms_kind=greedynms\nbeta_nms=.7\n"
    assert head("yolo", options).suppression == Suppression("greedynms", 0.7)
    assert head("gaussian").suppression == Suppression("diounms", 0.6)
    assert head("region").suppression == Suppression("default", 0.6)
    assert head("detection").suppression is None


def test_one_class_more_takes_a_filter_an_anchor() -> None:
    more = {kind: head(kind).filters_per_class for kind in SECTIONS}
    assert more == {"yolo": 2, "gaussian": 2, "region": 2, "detection": 0}


def test_numbers_alexeyab_announces() -> None:
    numbers = {kind: head(kind).ANNOUNCED for kind in SECTIONS}
    assert numbers == {"yolo": 28, "gaussian": 29, "region": 27, "detection": None}


def test_delta_normalizer_is_alexeyabs() -> None:
    layer = head("yolo", "delta_normalizer=.25\n")
    assert (layer.delta_scale(ALEXEYAB), layer.delta_scale(PJREDDIE)) == (0.25, 1.0)
    assert head("region").delta_scale(ALEXEYAB) == 1.0


def test_descriptions_for_exported_files() -> None:
    assert list(head("yolo").description(ALEXEYAB).items()) == [
        ("classes", 3),
        ("mask", (0, 2)),
        ("anchors", [(4.0, 6.0), (0.5, 0.5)]),
        ("unit", "pixels"),
        ("scale_x_y", 2.0),
        ("new_coords", 1),
    ]
    assert head("gaussian").description(ALEXEYAB)["new_coords"] == 0
    theirs = head("yolo").description(PJREDDIE)
    assert (theirs["scale_x_y"], theirs["new_coords"]) == (1.0, 0)
    sizes = [(1.0, 2.0), (3.0, 0.5)]
    rules = {"coords": 5, "softmax": 0, "background": 0}
    assert head("region").description(ALEXEYAB) == {
        "classes": 3,
        "anchors": sizes,
        "unit": "cells",
        **rules,
    }
    expected = {"classes": 3, "side": 3, "num": 2, "sqrt": 1}
    assert head("detection", "sqrt=1\n").description(ALEXEYAB) == expected


def test_the_hierarchy_is_that_of_the_tree(tmp_path: Path) -> None:
    (tmp_path / "t.tree").write_text("animal -1\ncat 0\ndog 0\n")
    tree = head("region", f"tree={tmp_path}/t.tree\n").hierarchy
    assert tree is not None and tree.names == ("animal", "cat", "dog")
    assert head("region").hierarchy is None and head("yolo").hierarchy is None


METRICS = {"count": 0.0, "iou": 0.5, "class_loss": 6.0, "total_loss": 9.0}


def test_log_values_of_yolo() -> None:
    shown = head("yolo").log_values(METRICS, 2)
    assert shown["iou_loss"] == 1.5 and shown["class_loss"] == 3.0 and shown["total_loss"] == 4.5
    assert (shown["boxes"], shown["count"], shown["iou"]) == (1.0, 0.0, 0.5)
    assert head("region").log_values(METRICS, 2) == METRICS


def test_log_rows() -> None:
    assert head("yolo").log_row(PJREDDIE).startswith("Region {index} Avg IOU")
    assert "class_loss" in head("yolo").log_row(ALEXEYAB)
    assert "class_loss" not in head("yolo", "show_details=0\n").log_row(ALEXEYAB)
    assert "uc_loss" in head("gaussian").log_row(ALEXEYAB)
    assert "Avg Recall" in head("region").log_row(PJREDDIE)
    assert head("detection").log_row(ALEXEYAB).startswith("Detection Avg IOU")


def test_boxes_of_yolo() -> None:
    values = [0.25, 0.75, 0.5, 1.0, 0.5, 0.1, 0.2, 0.4]
    squared = head("yolo")
    same(squared.boxes(raw(values), ALEXEYAB), [5.25 / 8, 2.75 / 4, 16 / 64, 4 * 4 / 32])
    plain = replace(squared, new_coords=0)
    sides = [math.exp(0.5) * 16 / 64, math.e * 4 / 32]
    same(plain.boxes(raw(values), ALEXEYAB), [5.25 / 8, 2.75 / 4, *sides])
    same(plain.scores(torch.tensor(values), ALEXEYAB), [0.05, 0.1, 0.2])
    assert float(plain.objectness(torch.tensor(values), ALEXEYAB)) == 0.5


def test_boxes_of_gaussian_yolo() -> None:
    values = [0.25, 0.1, 0.75, 0.2, 0.5, 0.3, 0.0, 0.4, 0.5, 0.1, 0.2, 0.4]
    w, h = math.exp(0.5) * 16 / 64, 4 / 32
    boxes = head("gaussian", "yolo_point=left_top\n").boxes(raw(values), ALEXEYAB)
    same(boxes, [5.25 / 8 + w / 2, 2.75 / 4 + h / 2, w, h])
    scores = head("gaussian").scores(torch.tensor(values), ALEXEYAB)
    same(scores, [0.0375, 0.075, 0.15])  # 1 - .25 of it


def test_boxes_of_region_are_located_by_the_fork() -> None:
    values, layer = [0.0, 1.0, 0.5, 0.0, 9.0, 0.25, 0.1, 0.2, 0.4], head("region")
    sides = [math.exp(0.5) * 16 / 8, 4 / 4]
    y = 2 + 1 / (1 + math.exp(-1))
    same(layer.boxes(raw(values), ALEXEYAB), [5.5 / 8, y / 4, *sides])
    same(layer.boxes(raw(values), PJREDDIE), [5 / 8, 3 / 4, *sides])
    same(layer.scores(torch.tensor(values), ALEXEYAB), [0.025, 0.05, 0.1])


def test_objectness_of_region_is_the_forks() -> None:
    values = torch.tensor([0.0, 1.0, 0.5, 0.0, 9.0, 0.25, 0.1, 0.2, 0.4])
    fixed, background = head("region", "classfix=-1\n"), head("region", "background=1\n")
    assert float(fixed.objectness(values, ALEXEYAB)) == 0.0
    assert float(fixed.objectness(values, PJREDDIE)) == 0.25
    assert float(background.objectness(values, ALEXEYAB)) == 0.25
    assert float(background.objectness(values, PJREDDIE)) == 1.0


@pytest.mark.parametrize(("sqrt", "sides"), [(0, [0.5, 0.75]), (1, [0.25, 0.5625])])
def test_boxes_of_detection(sqrt: int, sides: list[float]) -> None:
    layer = head("detection", f"sqrt={sqrt}\n")
    boxes = layer.boxes(raw([0.5, 0.25, 0.5, 0.75, 1.0], grid=torch.tensor([3.0, 3.0])), ALEXEYAB)
    same(boxes, [5.5 / 3, 2.25 / 3, *sides])


def test_cells_of_a_grid() -> None:
    layer = head("yolo")
    output = torch.arange(2 * 16 * 4 * 8.0).reshape(2, 16, 4, 8)
    assert layer.grid(Shape(16, 4, 8)) == (8, 4)
    cells = layer.by_cell(output, 8, 4)
    assert cells.shape == (2, 4, 8, 2, 8)
    assert torch.equal(cells[1, 3, 5, 1], output[1, 8:, 3, 5])


def test_cells_of_detections_flat_output() -> None:
    layer = head("detection")
    output = torch.arange(117.0).reshape(1, 117, 1, 1)
    assert layer.grid(Shape(117, 1, 1)) == (3, 3)
    cells = layer.by_cell(output, 3, 3)
    assert cells.shape == (1, 3, 3, 2, 8)
    # Cell 5 (row 1, column 2), box 1: its coordinates, its confidence, the classes of the cell.
    box, score = 27 + 18 + (5 * 2 + 1) * 4, 27 + 5 * 2 + 1
    expected = [*range(box, box + 4), score, 15, 16, 17]
    assert cells[0, 1, 2, 1].tolist() == expected


def test_mirrored_outputs() -> None:
    output = torch.arange(16 * 8.0).reshape(1, 16, 1, 8)
    mirrored = head("yolo").mirrored(output, ALEXEYAB)
    assert mirrored[0, 0, 0].tolist() == [1 - value for value in output[0, 0, 0].flip(0).tolist()]
    assert torch.equal(mirrored[:, 1:8], output[:, 1:8].flip(3))
    output = torch.arange(18 * 8.0).reshape(1, 18, 1, 8)
    raw_location = head("region").mirrored(output, ALEXEYAB)
    assert torch.equal(raw_location[:, 9], -output[:, 9].flip(2))
    assert torch.equal(head("region").mirrored(output, PJREDDIE)[:, 9], 1 - output[:, 9].flip(2))


def test_what_cannot_be_mirrored() -> None:
    assert [head(kind).MIRRORS for kind in SECTIONS] == [True, True, True, False]
    assert head("gaussian").mirror_fault is None
    fault = head("gaussian", "yolo_point=left_top\n").mirror_fault
    assert fault == ("boxes given by their centre, not yolo_point=left_top", "yolo_point")


def test_sides_may_be_a_tensor_or_numbers() -> None:
    values = torch.tensor([[3.0, 6.0], [1.0, 2.0]])
    assert torch.equal(shares(values, torch.tensor([2.0, 3.0])), shares(values, (2, 3)))
    assert shares(values, (2, 3))[0].tolist() == [1.5, 2.0]
