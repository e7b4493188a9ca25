"""What the tools on weights files do with each kind of layer, all kinds in one table."""

from __future__ import annotations

import pytest

from darknet_py.forks import ALEXEYAB, PJREDDIE, Fork
from darknet_py.layers import SECTIONS
from darknet_py.layers.base import Layer
from darknet_py.layers.weight_tool import ToolFacts, WeightTool

F, N, R, D, S = WeightTool
KNOWN = {
    "convolutional": F | N | R | D,
    "connected": N | R | D | S,
    "deconvolutional": D,
    "gru": N | R | D | S,
    "lstm": N | R | D | S,
}


@pytest.mark.parametrize(("fork", "unknown"), [(ALEXEYAB, set()), (PJREDDIE, {"lstm"})])
def test_which_tools_know_a_kind(fork: Fork, unknown: set[str]) -> None:
    actual = {kind.KIND: facts(kind, fork).tools for kind in SECTIONS.values()}
    expected = {name: tools for name, tools in KNOWN.items() if name not in unknown}
    assert {name: tools for name, tools in actual.items() if tools} == expected


def test_what_average_knows() -> None:
    averaged = {kind.KIND: facts(kind, ALEXEYAB).averaged for kind in SECTIONS.values()}
    assert {name: set(tensors) for name, tensors in averaged.items() if tensors} == {
        "convolutional": {"biases", "weights", "scales", "rolling_mean", "rolling_variance"},
        "connected": {"biases", "weights"},
    }


def facts(kind: type[Layer], fork: Fork) -> ToolFacts:
    """Asked of the class: the answer depends on no option."""
    return kind.tool_facts(kind, fork)  # type: ignore[arg-type]
