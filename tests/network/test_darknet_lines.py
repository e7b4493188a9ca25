"""What is printed before a network runs, as AlexeyAB's program prints it."""

from __future__ import annotations

import sys

import cv2
import pytest
import torch

from darknet_py.cfg.datafile import DataFile
from darknet_py.cfg.text import parse
from darknet_py.errors import Problems
from darknet_py.forks import ALEXEYAB, PJREDDIE
from darknet_py.network import darknet_lines
from darknet_py.network.darknet_lines import (
    PLAIN_TITLE,
    Said,
    inference_lines,
    learning_line,
    loading_lines,
    names_line,
    network_lines,
    program_lines,
    say,
    told_keys,
)
from darknet_py.network.graph import Graph, build
from darknet_py.network.summary import TITLE
from darknet_py.network.weights_header import Header
from darknet_py.network.weights_layout import Layout

NET = """[net]
batch=8
subdivisions=2
width=64
height=64
channels=3
max_batches=9
learning_rate=.001
momentum=.9
decay=.0005
policy=constant
"""
CONV = "[conv]\nfilters=4\nsize=1\nstride=1\nactivation=linear\n"


def graph_of(layers: str, net: str = NET) -> Graph:
    return build(parse(net + layers, "n.cfg", Problems()), ALEXEYAB, Problems(), time_steps=1)


def streams(graph: Graph, train: bool = False, batch: int = 1) -> tuple[str, str]:
    """stdout and stderr."""
    pieces = list(network_lines(graph, batch, graph.net.subdivisions, train))
    return tuple(  # type: ignore[return-value]
        "".join(piece.text for piece in pieces if piece.on_stderr is on_stderr)
        for on_stderr in (False, True)
    )


def table(layers: str, net: str = NET) -> str:
    """What stands between the title and the sums."""
    middle = streams(graph_of(layers, net))[1].partition(f"{TITLE}\n")[2]
    return middle.partition("Total BFLOPS")[0]


def test_the_mini_batch_and_the_sums() -> None:
    out, err = streams(graph_of(CONV * 2))
    assert out == "mini_batch = 1, batch = 2, time_steps = 1, train = 0 \n"
    assert err.endswith("Total BFLOPS 0.000 \navg_outputs = 16384 \n")
    assert (
        "mini_batch = 4, batch = 8, time_steps = 1, train = 1 "
        in streams(graph_of(CONV), train=True, batch=4)[0]
    )


YOLO = "classes=2\nnum=1\nanchors=1,1\njitter=.3\nignore_thresh=.7\ntruth_thresh=1\n"
PARAMS = "obj_norm: 1.00, cls_norm: 1.00, delta_norm: 1.00, "


@pytest.mark.parametrize(
    ("section", "out", "err"),
    [
        (
            "yolo",
            "nms_kind: diounms (2), beta = 0.700000 \n",
            "   1 yolo\n[yolo] params: iou loss: giou (1), iou_norm: 0.75, "
            + PARAMS
            + "scale_x_y: 1.00\n",
        ),
        (
            "Gaussian_yolo",
            "nms_kind: diounms (2), beta = 0.700000 \n",
            "   1 [Gaussian_yolo] iou loss: giou (1), iou_norm: 0.75, "
            + PARAMS
            + "scale: 1.00, point: 1\n",
        ),
    ],
)
def test_a_head_says_its_parameters(section: str, out: str, err: str) -> None:
    filters = {"yolo": 7, "Gaussian_yolo": 11}[section]
    conv = CONV.replace("filters=4", f"filters={filters}")
    graph = graph_of(f"{conv}[{section}]\n{YOLO}iou_loss=giou\nnms_kind=diounms\nbeta_nms=.7\n")
    said = streams(graph)
    assert said[0].endswith(out)
    assert err in said[1]


def test_classes_that_are_rare_say_how_much_they_count() -> None:
    conv = CONV.replace("filters=4", "filters=7")
    head = f"[yolo]\n{YOLO}counters_per_class=10,0\nmax_delta=6\n"
    assert " classes_multipliers: 1.0, 6.0, \n" in streams(graph_of(conv + head))[0]


@pytest.mark.parametrize(
    ("layers", "lines"),
    [
        (CONV + "[route]\nlayers=-1\n", "   1 route  0 \t\t" + " " * 27 + "->   64 x  64 x   4 \n"),
        (
            CONV + "[route]\nlayers=-1,0\n",
            "   1 route  0 0 \t" + " " * 27 + "->   64 x  64 x   8 \n",
        ),
        (
            CONV + "[route]\nlayers=0,0,0,0\n",
            "   1 route  0 0 0 0 \t" + " " * 19 + "->   64 x  64 x  16 \n",
        ),
        (
            CONV + "[max]\nsize=2\nstride=2\n[route]\nlayers=0,1\n",
            "   2 route  0 1 The width and height of the input layers are different. \n"
            " \t" + " " * 27 + "->    0 x   0 x   0 \n",
        ),
        (
            CONV + "[implicit]\nmean=0\nstd=.2\nfilters=8\n",
            "   1 implicit Layer: 8 x 1 \t mean=0.00, std=0.20 \n",
        ),
        (
            CONV.replace("stride=1", "stride=2").replace("size=1", "size=3")
            + CONV
            + "[shortcut]\nfrom=0\nactivation=linear\n",
            "   2 Shortcut Layer: 0,  wt = 0, wn = 0, outputs:  31 x  31 x   4 0.000 BF\n",
        ),
        (
            "[conv]\nfilters=4\nsize=3\nstride=2\npad=1\nactivation=linear\nantialiasing=1\n",
            "   0 conv      4       3 x 3/ 1     64 x  64 x   3 ->   64 x  64 x   4 0.001 BF\n"
            "conv      4/   4  3 x 3/ 2     64 x  64 x   4 ->   32 x  32 x   4 0.000 BF\n",
        ),
        (
            "[dropout]\nprobability=.25\ndropblock=1\ndropblock_size_rel=.1\n",
            "   0 dropblock    p = 0.250   l.dropblock_size_rel = 0.10    12288  ->   12288\n",
        ),
        (
            "[gru]\noutput=7\n",
            "   0 GRU Layer: 12288 inputs, 7 outputs\n"
            + "\t\tconnected                            12288  ->     7\n"
            "\t\tconnected                               7  ->     7\n" * 3,
        ),
        ("[empty]\n", "   0 empty \n"),
    ],
)
def test_lines_of_layers(layers: str, lines: str) -> None:
    assert lines in table(layers)


def test_a_blur_is_announced_on_stdout() -> None:
    layers = "[max]\nsize=2\nstride=2\nantialiasing=2\n"
    assert streams(graph_of(layers))[0].endswith("train = 0 \nAA:  ")
    line = "   0 max                2x 2/ 1     64 x  64 x   3 ->   64 x  64 x   3 0.000 BF\n"
    assert line + "conv      3/   3  2 x 2/ 2 " in table(layers)


def test_defaults_are_named_before_the_line_or_behind_it() -> None:
    assert table("[conv]\nfilters=4\nsize=1\n").startswith(
        "   0 stride: Using default '1'\nactivation: Using default 'logistic'\nconv  "
    )
    assert "stride:" not in table("[conv]\nstride_x=1\nstride_y=2\n")
    conv = CONV.replace("filters=4", "filters=7")
    head = table(f"{conv}[yolo]\n{YOLO.replace('jitter=.3', '')}")
    assert head.endswith("scale_x_y: 1.00\njitter: Using default '0.200000'\n")
    first = streams(graph_of(CONV, "[net]\nwidth=8\nheight=8\nchannels=3\n"))[1]
    assert first.startswith(
        "max_batches: Using default '0'\nbatch: Using default '1'\n"
        "learning_rate: Using default '0.001000'\nmomentum: Using default '0.900000'\n"
        "decay: Using default '0.000100'\nsubdivisions: Using default '1'\n"
        "policy: Using default 'constant'\n"
    )


def test_dropblock_remarks_on_its_size() -> None:
    out = streams(graph_of("[dropout]\nprobability=.1\ndropblock=1\n"))[0]
    assert out.endswith("are set, will be used: dropblock_size_abs = 7 \n")


def test_layers_that_are_frozen() -> None:
    out = streams(graph_of(CONV + "stopbackward=1\n"), train=True)[0]
    frozen = " ------- previous layers are frozen ------- \n"
    assert out.endswith(f"train = 1 \nlast_stop_backward = 0 \n{frozen}")


def test_a_size_that_32_does_not_divide() -> None:
    conv = CONV.replace("filters=4", "filters=7")
    net = NET.replace("width=64", "width=48")
    out = streams(graph_of(f"{conv}[yolo]\n{YOLO}", net))[0]
    rule = "must be divisible by 32 for default networks Yolo v1/v2/v3!!! \n\n"
    assert out.endswith(f"\n Warning: width=48 and height=64 in cfg-file {rule}")
    assert "Warning" not in streams(graph_of(CONV, net))[0]


def test_outputs_that_do_not_enter_the_average() -> None:
    """Dropout and dense layers note no sides; a route notes those of its first layer's input."""
    layers = CONV + "[dropout]\nprobability=.1\n[route]\nlayers=0\n[connected]\noutput=5\n"
    assert "avg_outputs = 16384 \n" in streams(graph_of(layers))[1]
    after_dropout = CONV + "[dropout]\nprobability=.1\n[route]\nlayers=1\n[max]\nsize=2\nstride=2\n"
    assert f"avg_outputs = {(16384 + 4096) // 2} \n" in streams(graph_of(after_dropout))[1]


def test_loading() -> None:
    wide, old = Header(0, 2, 5, 64_000_000), Header(0, 1, 0, 5_999)
    assert "".join(piece.text for piece in loading_lines("a.weights", wide, 7)) == (
        "Loading weights from a.weights...\n seen 64, trained: 64000 K-images "
        "(1000 Kilo-batches_64) \nDone! Loaded 7 layers from weights-file \n"
    )
    assert [piece.text for piece in loading_lines("a", old, 1) if not piece.on_stderr] == [
        "\n seen 32, trained: 5 K-images (0 Kilo-batches_64) \n"
    ]


def test_names_and_keys_that_are_missing() -> None:
    conv = CONV.replace("filters=4", "filters=7")
    graph = graph_of(f"{conv}[yolo]\n{YOLO}")
    assert list(names_line("data/x.names", 2, graph)) == []
    (line,) = names_line("data/x.names", 3, graph)
    assert line == Said(
        "\n Error: in the file data/x.names number of names 3 that isn't equal to classes=2 in "
        "the file n.cfg \n"
    )
    data = DataFile("x.data", {"valid": "v"})
    (told,) = told_keys(data, {"valid": "data/train.list", "results": "results"})
    assert told == Said("results: Using default 'results'\n", True)
    assert learning_line(graph.net) == "Learning Rate: 0.001, Momentum: 0.9, Decay: 0.0005"


def test_what_the_machine_has(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(darknet_lines.platform, "machine", lambda: "x86_64")
    monkeypatch.setattr(cv2, "checkHardwareSupport", lambda feature: feature in (10, 12))
    said = list(program_lines())
    assert [piece.text for piece in said if not piece.on_stderr] == [
        *(" GPU isn't used \n", " Used AVX \n", " Not used FMA & AVX2 \n")
    ]
    assert said[-1] == Said(f" OpenCV version: {cv2.__version__}\n", True)
    monkeypatch.setattr(darknet_lines.platform, "machine", lambda: "aarch64")
    assert [piece.text for piece in program_lines() if not piece.on_stderr] == [
        " GPU isn't used \n"
    ]


def test_on_a_gpu_the_versions_of_cuda(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.version, "cuda", "12.8")
    monkeypatch.setattr(torch.backends.cudnn, "version", lambda: 91002)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    monkeypatch.setattr(torch._C, "_cuda_getDriverVersion", lambda: 12080, raising=False)
    assert next(program_lines("cuda:1")) == Said(
        " CUDA-version: 12080 (12080), cuDNN: 9.10.2, GPU count: 2  \n", True
    )


def test_both_streams_in_order(capsys: pytest.CaptureFixture[str]) -> None:
    say([Said("a"), Said("b\n"), Said("c\n", True), Said("d\n")])
    assert capsys.readouterr() == ("ab\nd\n", "c\n")
    assert sys.stdout is not None


PLAIN = """\
layer     filters    size              input                output
    0 conv      4  3 x 3 / 2    64 x  64 x   3   ->    32 x  32 x   4  0.000 BFLOPs
    1 max          2 x 2 / 2    32 x  32 x   4   ->    16 x  16 x   4
    2 upsample            2x    16 x  16 x   4   ->    32 x  32 x   4
    3 res    0                  32 x  32 x   4   ->    32 x  32 x   4
    4 route  3 0
    5 dropout       p = 0.25               8192  ->  8192
    6 reorg              / 2    32 x  32 x   8   ->    16 x  16 x  32
    7 avg                       16 x  16 x  32   ->    32
    8 rnn
"""
PLAIN_CFG = """[conv]
filters=4
size=3
stride=2
pad=1
activation=linear
[max]
size=2
stride=2
[upsample]
stride=2
[shortcut]
from=0
activation=linear
[route]
layers=3,0
[dropout]
probability=.25
[reorg]
stride=2
[avgpool]
[gru]
output=7
"""


def test_the_table_of_pjreddies_program() -> None:
    graph = build(parse(NET + PLAIN_CFG, "n.cfg", Problems()), PJREDDIE, Problems())
    out, err = streams(graph)
    assert out == ""
    expected = PLAIN.replace("    8 rnn\n", "    8 GRU Layer: 32 inputs, 7 outputs\n")
    parts = "\t\tconnected                              32  ->     7\n"
    parts += "\t\tconnected                               7  ->     7\n"
    assert err == expected + parts * 3
    plan = Layout("a.weights", Header(0, 2, 0, 0), (), (), 9, 0, False, 99)
    said = list(inference_lines(graph, plan, "cpu"))
    assert [piece for piece in said if not piece.on_stderr] == []
    assert said[0].text == f"{PLAIN_TITLE}\n"
    assert said[-1].text == "Loading weights from a.weights...Done!\n"
    assert list(names_line("data/x.names", 3, graph)) == []
