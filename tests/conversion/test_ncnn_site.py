"""What is often added to a program of ncnn."""

from __future__ import annotations

import pytest
from support.layer_check import net_section, read, sections

from darknet_py.conversion.ncnn_program import NcnnProgram
from darknet_py.conversion.ncnn_site import ACTIVATION_LAYERS, ADD, FUSED, MULTIPLY, LayerSite
from darknet_py.errors import DarknetError


def site(layers: str) -> LayerSite:
    graph = read(net_section(3, 8, 8) + sections(layers))
    step = graph.steps[0]
    return LayerSite(NcnnProgram(), step.layer, step.context, ("images",), {}, graph.nodes[0].out)


def test_numbers_that_change_nothing_add_nothing() -> None:
    one = site("conv")
    assert one.scalar(MULTIPLY, "x", 1) == one.scalar(ADD, "x", 0) == "x"
    assert one.program.layers == []
    one.scalar(MULTIPLY, "x", 0)
    assert one.program.layers[0].params == {0: MULTIPLY, 1: 1, 2: 0.0}


def test_options_with_another_value_are_refused() -> None:
    site("conv").require(xnor=0)
    with pytest.raises(
        DarknetError, match="xnor=1 is not written for ncnn; --format onnx, --engine torch have it"
    ):
        site("conv xnor=1 size=3 pad=1").require(xnor=0)


def test_what_is_fused_is_a_layer_too() -> None:
    assert set(FUSED) < set(ACTIVATION_LAYERS)
