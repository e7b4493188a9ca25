"""A finest head of stride 4, as AlexeyAB's README makes it."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.sized_set import two_heads

from darknet_py.advice.base_cfg import base_path
from darknet_py.advice.finer_head import finer_head
from darknet_py.errors import Problems
from darknet_py.network.graph import read_graph

LINES = {
    "yolov3": [("upsample", "stride", "4"), ("route", "layers", "-1,11")],
    "yolov4": [
        ("upsample", "stride", "4"),
        ("route", "layers", "23"),
        ("convolutional", "stride", "4"),
    ],
    "yolov3-tiny": [],
}
"""What the README says of these; a cfg whose finest head has stride 16 is another case."""


@pytest.mark.parametrize("name", LINES)
def test_the_lines_of_the_readme(name: str) -> None:
    lines = finer_head(read_graph(base_path(name), problems=Problems()))
    assert [(line.section, line.key, line.new) for line in lines] == LINES[name]


def test_a_network_that_is_built_otherwise(tmp_path: Path) -> None:
    """Its finest head has stride 8, but nothing is enlarged before it."""
    assert finer_head(read_graph(two_heads(tmp_path))) == []


def test_a_change_that_fits_nothing_else(tmp_path: Path) -> None:
    """Here the enlarged layer goes to a second route, which cannot join it to another size."""
    head = "[convolutional]\nfilters=6\n[yolo]\nclasses=1\nnum=1\nmask=0\nanchors=8,8\n"
    text = (
        "[net]\nwidth=64\nheight=64\nchannels=3\n"
        "[convolutional]\nfilters=2\nstride=4\nsize=1\n"
        "[convolutional]\nfilters=2\nstride=2\nsize=1\n"
        "[convolutional]\nfilters=2\nstride=2\nsize=1\n"
        "[upsample]\nstride=2\n[route]\nlayers=-1,1\n[route]\nlayers=-1,1\n" + head
    )
    (tmp_path / "n.cfg").write_text(text)
    assert finer_head(read_graph(tmp_path / "n.cfg")) == []
    (tmp_path / "n.cfg").write_text(text.replace("[route]\nlayers=-1,1\n", "", 1))
    lines = finer_head(read_graph(tmp_path / "n.cfg"))
    assert [(line.key, line.new) for line in lines] == [("stride", "4"), ("layers", "-1,0")]
