"""Boxes that numpy finds in heads, against those that torch finds in them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from darknet_py.cfg import text
from darknet_py.detect.array_boxes import boxes_of, decodable
from darknet_py.detect.pipeline import candidates_of
from darknet_py.detect.pipeline_options import PipelineOptions
from darknet_py.errors import Problems
from darknet_py.forks import ALEXEYAB, PJREDDIE, Fork
from darknet_py.images.letterbox import Placement
from darknet_py.network.graph import Graph, build

HEADS = """
[conv]
filters=16
size=8
stride=8
activation=linear
[yolo]
classes=3
num=3
mask=0,1
anchors=10,14, 23,27, 37,58
{options}
[route]
layers=0
[conv]
filters=8
size=1
activation=linear
[yolo]
classes=3
num=3
mask=2
anchors=10,14, 23,27, 37,58
{options}
"""
PLACEMENT = Placement(90, 40, 64, 32)


def graph_of(options: str = "", fork: Fork = ALEXEYAB, layers: str = HEADS) -> Graph:
    net = "[net]\nwidth=64\nheight=32\nchannels=1\n"
    problems = Problems()
    source = net + layers.format(options=options)
    return build(text.parse(source, "t.cfg", problems), fork, problems)


def heads(seed: int = 0) -> list[torch.Tensor]:
    generator = torch.Generator().manual_seed(seed)
    return [torch.rand(1, channels, 4, 8, generator=generator) for channels in (16, 8)]


@pytest.mark.parametrize("fork", [ALEXEYAB, PJREDDIE])
@pytest.mark.parametrize("options", ["", "scale_x_y=1.1", "new_coords=1", "nms_kind=greedynms"])
@pytest.mark.parametrize(
    "asked",
    [
        PipelineOptions(),
        PipelineOptions(thresh=0.005),
        PipelineOptions(thresh=0.5, nms=0),
        PipelineOptions(nms=0.2, nms_in_pixels=True),
        PipelineOptions(thresh=0.999),
    ],
    ids=str,
)
def test_the_boxes_are_those_of_torch(fork: Fork, options: str, asked: PipelineOptions) -> None:
    graph = graph_of(options, fork)
    assert decodable(graph)
    for placement in (PLACEMENT, replace(PLACEMENT, letter_box=True)):
        expected = candidates_of(graph, heads(), [placement], asked)
        actual, left_out = boxes_of(graph, [head.numpy() for head in heads()], placement, asked)
        assert left_out == 0 and len(actual.image) == len(expected)
        assert (len(expected) > 5) == (asked.thresh < 0.9)
        assert actual.scores.dtype == actual.boxes.dtype == np.float32
        assert (actual.scores == expected.scores.numpy()).all()
        np.testing.assert_allclose(actual.boxes, expected.boxes.numpy(), rtol=1e-6, atol=1e-7)


def test_boxes_that_are_not_finite_are_left_out_and_counted() -> None:
    graph, raw = graph_of(), heads()
    raw[0][0, 2, 1, 3] = 1e9  # the exponent of a width
    raw[0][0, 4, 1, 3] = 0.9
    asked = PipelineOptions()
    expected = candidates_of(graph, raw, [PLACEMENT], asked)
    actual, left_out = boxes_of(graph, [head.numpy() for head in raw], PLACEMENT, asked)
    assert left_out == len(expected.not_finite) == 1
    assert (actual.scores == expected.scores.numpy()).all()


def test_what_is_suppressed_by_objectness_has_no_scores() -> None:
    asked = PipelineOptions(nms=0.1)
    graph = graph_of()
    asked = replace(asked, suppression=asked.suppression_for(graph)._replace(kind="objectness"))
    expected = candidates_of(graph, heads(), [PLACEMENT], asked)
    actual, _ = boxes_of(graph, [head.numpy() for head in heads()], PLACEMENT, asked)
    assert (expected.objectness == 0).any()
    assert (actual.scores == expected.scores.numpy()).all()


def test_other_heads_are_left_to_torch() -> None:
    region = "[conv]\nfilters=16\nsize=8\nstride=8\n[region]\nclasses=3\nnum=2\nanchors=1,2,3,4\n"
    assert not decodable(graph_of(layers=region))
