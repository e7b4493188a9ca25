"""Words of other programs: what is said of them, and that no hint leads to other numbers."""

from __future__ import annotations

import re

import pytest

from darknet_py.cfg.foreign_words import OPTIONS, SECTIONS, VALUES, hint
from darknet_py.cfg.text import parse
from darknet_py.errors import BadOption, Problems, UnknownSection
from darknet_py.forks import ALEXEYAB
from darknet_py.layers import SECTIONS as KINDS
from darknet_py.layers.activations import ACTIVATIONS
from darknet_py.layers.net import POLICIES
from darknet_py.network.graph import build

CFG = """[net]
width=32
height=32
channels=3
{net}

[convolutional]
filters=18
{layer}

{section}

[yolo]
mask=0,1,2
anchors=10,13, 16,30, 33,23
classes=1
num=3
{yolo}
"""


def read(net: str = "", layer: str = "", section: str = "", yolo: str = "") -> Problems:
    problems = Problems()
    text = CFG.format(net=net, layer=layer, section=section, yolo=yolo)
    build(parse(text, "n.cfg", problems), ALEXEYAB, problems)
    return problems


@pytest.mark.parametrize(
    ("word", "told"),
    [
        ("silu", "; silu is Darknet's swish"),
        ("SiLU", "; silu is Darknet's swish"),
        ("sigmoid", "; sigmoid is Darknet's logistic"),
        ("none", "; for none write linear"),
        ("hswish", "; neither Darknet has it; swish is smooth"),
        ("prelu", "; neither Darknet has it; leaky has a fixed slope of 0.1"),
        ("leaky_relu", "; leaky has a slope of 0.1, relie one of 0.01"),
        ("Mish", "; did you mean 'mish'?"),
        ("mishs", "; did you mean 'mish'?"),
        ("leakky", "; did you mean 'leaky'?"),
        ("tanx", ""),  # not tanh: three letters of four are no likeness
    ],
)
def test_activations(word: str, told: str) -> None:
    with pytest.raises(BadOption) as caught:
        read(layer=f"activation={word}")
    assert str(caught.value).endswith(f"{', '.join(sorted(ACTIVATIONS))}{told}")


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("se", "write [avgpool], two [convolutional] with size=1 and [scale_channels]"),
        ("depthwise", "write [convolutional] with groups= the input's channels"),
        ("route_lhalf", "write [route] with groups=2 and group_id=0"),
        ("implicit_add", "Darknet's [implicit] makes such channels with mean=0"),
        ("shift_channels", "neither Darknet has it; only [scale_channels], which multiplies"),
        ("select", "neither Darknet has it"),
        ("extract", "neither Darknet has it"),
        ("prelu", "neither Darknet has it; leaky has a fixed slope of 0.1"),
        ("concat", "write [route] with layers="),
        ("convolutionel", "did you mean 'convolutional'?"),
    ],
)
def test_sections(name: str, told: str) -> None:
    with pytest.raises(UnknownSection) as caught:
        read(section=f"[{name}]")
    assert str(caught.value) == f"n.cfg:11: [{name}]: unknown section; {told}"


@pytest.mark.parametrize(
    ("where", "line", "told"),
    [
        ("yolo", "iou_loss=eiou", "; neither Darknet has it"),
        ("yolo", "nms_kind=nms", "; for plain suppression write default"),
        ("net", "policy=cosine", "; sgdr falls by a cosine"),
        ("net", "policy=stepps", "; did you mean 'steps'?"),
    ],
)
def test_other_words(where: str, line: str, told: str) -> None:
    with pytest.raises(BadOption) as caught:
        read(**{where: line})
    assert str(caught.value).endswith(told)


@pytest.mark.parametrize("key", OPTIONS)
def test_keys(key: str) -> None:
    (notice,) = read(layer=f"{key}=1").notices
    assert notice.message == f"unknown option, it has no effect; {OPTIONS[key]}"


def test_no_foreign_word_is_known_and_every_cure_is() -> None:
    assert not SECTIONS.keys() & KINDS.keys()
    assert not VALUES["activation"].keys() & ACTIVATIONS.keys()
    assert not VALUES["policy"].keys() & set(POLICIES)
    told = [*SECTIONS.values(), *(cure for table in VALUES.values() for cure in table.values())]
    assert {name for cure in told for name in re.findall(r"\[(\w+)\]", cure)} <= KINDS.keys()
    for cure in VALUES["activation"].values():
        named = re.findall(r"(?:Darknet's|write|^)\s?(\w+)", cure)
        assert not named or {*named} & {*ACTIVATIONS, "silu", "neither", "a", "hardtanh"}


def test_a_foreign_word_comes_before_a_near_one() -> None:
    assert hint("prelu", ["relu"], {}) == "; did you mean 'relu'?"
    assert hint("PReLU", ["relu"], {"prelu": "its slope is learnt"}) == "; its slope is learnt"
