"""OpenCV's names and numbers, compared with what 4.13 gave for the cfg files of the repository."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

from darknet_py.cfg.text import parse
from darknet_py.dnn.layer_names import INPUT_TYPE, NamedLayer, Stage, named_layers, unread
from darknet_py.errors import Problems
from darknet_py.forks import ALEXEYAB
from darknet_py.network.graph import build, read_graph

CFG = Path(__file__).resolve().parents[2] / "cfg"
RECORDED = json.loads((Path(__file__).parent / "opencv-4.13-names.json").read_text())
"""cfg -> number of layers, ids of those nobody reads, hash of all names, types."""


@pytest.mark.parametrize("name", RECORDED)
def test_names_ids_and_types_are_those_of_opencv(name: str) -> None:
    layers = named_layers(read_graph(CFG / name, time_steps=1))
    count, outputs, names, types = RECORDED[name]
    joined = " ".join(layer.name for layer in layers)
    assert [layer.id for layer in layers] == list(range(1, count + 1))
    assert [layer.id for layer in unread(layers)] == outputs
    assert hashlib.sha256(joined.encode()).hexdigest()[:16] == names
    assert sorted({layer.type for layer in layers} | {INPUT_TYPE}) == sorted(types)


def named(body: str) -> tuple[NamedLayer, ...]:
    text = f"[net]\nwidth=16\nheight=16\nchannels=4\n{body}"
    problems = Problems()
    return named_layers(build(parse(text, "n.cfg", problems), ALEXEYAB, problems))


CONVOLUTION = "[convolutional]\nfilters=4\nsize=1\nbatch_normalize={}\nactivation={}\n"


def test_a_convolution_is_up_to_three_layers() -> None:
    layers = named(CONVOLUTION.format(1, "mish") + CONVOLUTION.format(0, "linear"))
    expected = [
        ("conv_0", "Convolution", Stage.LINEAR, (0,)),
        ("bn_0", "BatchNorm", Stage.NORMALIZED, (1,)),
        ("mish_1", "Mish", Stage.OUTPUT, (2,)),
        ("conv_1", "Convolution", Stage.OUTPUT, (3,)),
    ]
    assert [(one.name, one.type, one.stage, one.inputs) for one in layers] == expected


def test_without_normalization_the_first_layer_has_all_but_the_activation() -> None:
    layers = named(CONVOLUTION.format(0, "leaky") + CONVOLUTION.format(1, "linear"))
    stages = [(one.name, one.stage) for one in layers]
    assert stages == [
        ("conv_0", Stage.NORMALIZED),
        ("leaky_1", Stage.OUTPUT),
        ("conv_1", Stage.LINEAR),
        ("bn_1", Stage.OUTPUT),
    ]


@pytest.mark.parametrize(
    ("body", "name", "kind"),
    [
        ("[route]\nlayers=0\n", "identity_2", "Identity"),
        ("[route]\nlayers=0\ngroups=2\n", "slice_2", "Slice"),
        ("[route]\nlayers=0,1\n", "concat_2", "Concat"),
        ("[shortcut]\nfrom=0\n", "shortcut_2", "Eltwise"),
        ("[shortcut]\nfrom=0\nactivation=leaky\n", "leaky_3", "ReLU"),
        ("[sam]\nfrom=0\n", "sam_2", "Eltwise"),
        ("[dropout]\n", "identity_2", "Identity"),
        ("[maxpool]\n", "pool_2", "Pooling"),
        ("[connected]\noutput=3\nactivation=linear\n", "fullyConnected_2", "InnerProduct"),
        ("[local_avgpool]\nsize=2\nstride=2\n", "local_avgpool_2", "local_avgpool"),
        ("[crnn]\noutput_filters=4\nhidden_filters=4\nactivation=leaky\n", "crnn_2", "crnn"),
        ("[deconvolutional]\nfilters=3\nactivation=linear\n", "deconv_2", "Deconvolution"),
        ("[activation]\nactivation=elu\n", "activation_2", "activation"),
    ],
)
def test_the_other_kinds(body: str, name: str, kind: str) -> None:
    layers = named(CONVOLUTION.format(0, "linear") * 2 + body)
    assert (layers[-1].name, layers[-1].type) == (name, kind)
    assert [layer.id for layer in unread(layers)][-1] == len(layers)


def test_heads_read_a_layer_that_moves_the_channels() -> None:
    region = "[region]\nclasses=3\nnum=1\nanchors=1,2\n"
    head = CONVOLUTION.format(0, "linear").replace("filters=4", "filters=8") + region
    layers = named(head + "[route]\nlayers=0\n" + head)
    names = [layer.name for layer in layers]
    assert names[1:3] == ["permute_1", "detection_out"]
    assert names[-2:] == ["permute_4", "detection_out_1"], "a name that is there gets a number"
    assert [layer.name for layer in unread(layers)] == ["detection_out", "detection_out_1"]


def test_a_section_may_be_called_as_an_activation_is() -> None:
    layers = named(CONVOLUTION.format(0, "logistic") + "[logistic]\n")
    assert [layer.name for layer in layers] == ["conv_0", "logistic_1", "logistic_1_1"]
