"""The map of pixels a segmenter gives."""

from __future__ import annotations

import pytest
from support.layer_check import read

from darknet_py.errors import DarknetError
from darknet_py.network.graph import Graph
from darknet_py.network.output_map import (
    OutputMap,
    output_map,
    require_classes_alone,
    require_instances,
)

CONV = "[conv]\nfilters=6\nsize=3\nstride=2\npad=1\nactivation=linear\n"


def graph(sections: str, width: int = 16, height: int = 8) -> Graph:
    return read(f"[net]\nchannels=3\nwidth={width}\nheight={height}\n{CONV}{sections}")


@pytest.mark.parametrize(
    ("sections", "expected"),
    [
        ("", OutputMap(6, 0, 8, 4, 2)),
        ("[logistic]\n", OutputMap(6, 0, 8, 4, 2)),
        ("[softmax]\nspatial=1\n[cost]\n", OutputMap(6, 0, 8, 4, 2)),
        ("[softmax]\n", OutputMap(6, 0, 8, 4, 2)),
        ("[iseg]\nclasses=2\nids=4\n", OutputMap(2, 4, 8, 4, 2)),
        (CONV, OutputMap(6, 0, 4, 2, 4)),
    ],
)
def test_maps(sections: str, expected: OutputMap) -> None:
    assert output_map(graph(sections)) == expected
    assert expected.shape == (expected.classes + expected.ids, expected.height, expected.width)


@pytest.mark.parametrize(
    ("sections", "width", "gives"),
    [("", 15, "8 x 4 pixels for an input of 15 x 8"), ("[avgpool]\n", 16, "1 x 1 pixels for an i")],
)
def test_maps_that_do_not_fit_their_input(sections: str, width: int, gives: str) -> None:
    with pytest.raises(DarknetError, match=f"gives {gives}.*; expected the input's width and"):
        output_map(graph(sections, width))


def test_a_larger_map_than_the_input() -> None:
    with pytest.raises(DarknetError, match="gives 32 x 16 pixels for an input of 16 x 8"):
        output_map(graph("[upsample]\nstride=4\n"))


def test_each_kind_names_the_command_of_the_other() -> None:
    instances, classes = graph("[iseg]\nclasses=2\nids=4\n"), graph("[logistic]\n")
    require_instances(instances)
    require_classes_alone(classes)
    with pytest.raises(DarknetError, match=r"\[iseg\]: tells objects apart; use `isegmenter`"):
        require_classes_alone(instances)
    with pytest.raises(DarknetError, match=r"\[logistic\]: gives classes alone, .* `segmenter`"):
        require_instances(classes)
