"""Section names find kinds; a name that is none says what was meant."""

from __future__ import annotations

import pytest

from darknet_py.cfg.text import Section
from darknet_py.errors import Problems, UnknownSection
from darknet_py.layers import SECTIONS, read_layer
from darknet_py.layers.base import Layer
from darknet_py.layers.sections import section


def test_every_name_of_a_kind_finds_it() -> None:
    for name, kind in SECTIONS.items():
        assert name in kind.NAMES and kind.NAMES[0] == kind.KIND
        assert SECTIONS[kind.KIND] is kind
    assert SECTIONS["conv"] is SECTIONS["convolutional"]
    assert SECTIONS["empty"].NAMES == ("empty", "silence")


def test_a_name_is_registered_once(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ValueError, match=r"section \[conv\] is registered twice"):
        section("conv")(type("Other", (Layer,), {}))
    assert SECTIONS["conv"].KIND == "convolutional"


def test_a_section_becomes_a_layer_with_its_options() -> None:
    layer = read_layer(Section("dropout", "net.cfg", 4, ()), Problems())
    assert (layer.kind, layer.location().line, layer.stopbackward) == ("dropout", 4, 0)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("convolutionl", "unknown section; did you mean 'convolutional'?"),
        ("qqqqqqqq", "unknown section; known are "),
        ("net", "a second [net] is not a layer; only the first section may be [net]"),
        ("yolo] # head", "what follows the ] counts as part of the name; put comments on lines"),
    ],
)
def test_unknown_names(name: str, message: str) -> None:
    with pytest.raises(UnknownSection) as caught:
        read_layer(Section(name, "net.cfg", 4, ()), Problems())
    assert message in str(caught.value) and str(caught.value).startswith("net.cfg:4: ")
