"""The layer table and totals against what AlexeyAB's program prints (commit of ../shared)."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from darknet_py.cfg.text import parse
from darknet_py.errors import Problems
from darknet_py.forks import ALEXEYAB, PJREDDIE
from darknet_py.layers.shape import Shape
from darknet_py.network.graph import Graph, build, read_graph
from darknet_py.network.summary import Summary, net_stride, summarize

CFGS = Path(__file__).resolve().parent.parent.parent / "cfg"

# cfg -> Total BFLOPS and the last layer's receptive field, as the C program printed them.
PRINTED = {
    "darknet19": ("7.295", 374),
    "darknet53": ("18.576", 725),
    "efficientnet_b0": ("0.915", 787),
    "enet-coco": ("3.731", 883),
    "yolov1": ("40.155", 877),
    "yolov1-tiny": ("3.185", 446),
    "yolov2": ("29.475", 566),
    "yolov2-tiny": ("5.412", 318),
    "yolov3": ("65.879", 965),
    "yolov3-spp": ("141.531", 1349),
    "yolov3-tiny": ("5.571", 286),
    "yolov4": ("60.137", 1637),
    "yolov4-csp": ("77.003", 1637),
    "yolov4-tiny": ("6.910", 299),
    "yolov4x-mish": ("221.986", 2013),
    "yolov7": ("104.580", 1749),
    "yolov7-tiny": ("5.802", 1059),
}

# Lines of the C program, tabs made spaces.
LINES = {
    "yolov3-tiny": """\
   0 conv     16       3 x 3/ 1    416 x 416 x   3 ->  416 x 416 x  16 0.150 BF
   1 max                2x 2/ 2    416 x 416 x  16 ->  208 x 208 x  16 0.003 BF
  13 conv    256       1 x 1/ 1     13 x  13 x1024 ->   13 x  13 x 256 0.089 BF
  16 yolo
  17 route  13                                     ->   13 x  13 x 256
  19 upsample                 2x    13 x  13 x 128 ->   26 x  26 x 128
  20 route  19 8                                   ->   26 x  26 x 384""",
    "yolov4-tiny": """\
   3 route  2                                  1/2 ->  104 x 104 x  32""",
    "efficientnet_b0": """\
   3 avg                           112 x 112 x  32 ->     32
   6 scale Layer: 2
  22 dropout    p = 0.200        75264  ->   75264
  23 Shortcut Layer: 14,  wt = 0, wn = 0, outputs:  56 x  56 x  24 0.000 BF
 135 softmax                                        1000""",
    "yolov2": """\
  27 reorg_old              / 2    26 x  26 x  64   ->    13 x  13 x 256
  31 detection""",
    "yolov1": """\
  28 Local Layer: 7 x 7 x 1024 image, 256 filters -> 7 x 7 x 256 image
  29 dropout    p = 0.500        12544  ->   12544
  30 connected                            12544  ->  1715
  31 Detection Layer""",
}


def read(name: str, **changes: int) -> Graph:
    return read_graph(CFGS / f"{name}.cfg", **changes)


def graph_of(text: str, fork: str = "alexeyab") -> Graph:
    record = {"alexeyab": ALEXEYAB, "pjreddie": PJREDDIE}[fork]
    return build(parse(text, "net.cfg", Problems()), record, Problems())


def summary_of(layers: str, fork: str = "alexeyab") -> Summary:
    return summarize(graph_of("[net]\nwidth=32\nheight=32\nchannels=4\n" + layers, fork))


@pytest.mark.parametrize("name", PRINTED)
def test_totals_are_those_darknet_prints(name: str) -> None:
    bflops, field = PRINTED[name]
    summary = summarize(read(name))
    assert f"Total BFLOPS {bflops} " in summary.text().splitlines()
    assert summary.rows[-1].receptive_field == field


@pytest.mark.parametrize("name", LINES)
def test_lines_are_those_darknet_prints(name: str) -> None:
    lines = summarize(read(name)).text().splitlines()
    assert lines[0] == "   layer   filters  size/strd(dil)      input                output"
    printed = [line for line in lines if line[:4].strip().isdigit()]
    for line in LINES[name].splitlines():
        assert line == printed[int(line[:4])].expandtabs().rstrip()


def test_known_totals() -> None:
    totals = summarize(read("yolov3", width=416, height=416)).totals
    assert f"{totals.bflops:.2f}" == "65.86"
    assert f"{totals.printed_bflops:.3f}" == "65.879", "what the C program prints, with shortcuts"
    assert (totals.parameters, totals.weights_bytes) == (62001757, 248007048)
    assert (totals.receptive_field, totals.stride) == (965, 32)
    assert f"{summarize(read('yolov3-tiny')).totals.bflops:.2f}" == "5.57"


def test_layers_darknet_does_not_count_are_a_total_of_their_own() -> None:
    summary = summarize(read("yolov1-tiny"))
    assert summary.totals.bflops == pytest.approx(3.185, abs=5e-4)
    assert summary.totals.all_bflops == pytest.approx(3.185 + 2 * 12544 * 1470 / 1e9, abs=5e-4)
    assert "with the layers Darknet does not count: 3.222 BFLOPS" in summary.text()
    assert "does not count" not in summarize(read("yolov3-tiny")).text()


SMALL = """
[conv]
filters=8
size=3
stride=2
pad=1
activation=linear
[conv]
filters=8
size=3
pad=1
activation=linear
[shortcut]
from=-2
[upsample]
stride=2
[route]
layers=-1,0
"""


def test_rows_of_a_small_net() -> None:
    rows = summary_of(SMALL.replace("layers=-1,0", "layers=-1")).rows
    assert [row.kind for row in rows] == [
        "convolutional",
        "convolutional",
        "shortcut",
        "upsample",
        "route",
    ]
    assert [row.output for row in rows] == [Shape(8, 16, 16)] * 3 + [Shape(8, 32, 32)] * 2
    assert rows[2].inputs == (Shape(8, 16, 16),) * 2
    assert [row.parameters for row in rows] == [8 + 8 * 4 * 9, 8 + 8 * 8 * 9, 0, 0, 0]
    assert [row.receptive_field for row in rows] == [3, 7, 7, 7, 7]
    assert rows[2].bflops == 8 * 16 * 16 / 1e9


def test_memory_with_outputs_freed_after_their_last_use() -> None:
    totals = summary_of(SMALL.replace("layers=-1,0", "layers=-1")).totals
    small, large = 8 * 16 * 16, 8 * 32 * 32
    assert totals.activation_bytes == 4 * (3 * small + 2 * large)
    # The last route and its input live together; shortcut and its two inputs are smaller.
    assert totals.peak_activation_bytes == 4 * 2 * large


@pytest.mark.parametrize(
    ("layers", "stride", "why"),
    [
        ("[max]\nsize=2\nstride=2\n[max]\nsize=2\nstride=2\n", 4, "strides multiply"),
        ("[max]\nstride=4\n[upsample]\nstride=2\n", 4, "the largest on the way counts"),
        ("[reorg]\nstride=2\n", 2, "reorg shrinks the image"),
        ("[reorg3d]\nstride=2\n", 2, "reorg3d as well"),
        ("[upsample]\nstride=-2\n", 2, "a negative upsample shrinks it"),
        ("[max]\nstride=4\n[conv]\n[route]\nlayers=1\n[shortcut]\nfrom=-1\n", 4, "routes pass on"),
        ("[max]\nstride=1\n[conv]\n[max]\nstride=8\n[route]\nlayers=1\n", 1, "a dead end is out"),
    ],
)
def test_net_stride(layers: str, stride: int, why: str) -> None:
    text = "[net]\nwidth=32\nheight=32\nchannels=4\n" + layers
    assert net_stride(graph_of(text)) == stride, why


def test_dilation_widens_the_receptive_field_by_darknets_rule() -> None:
    conv = "[conv]\nsize=3\npad=1\ndilation=2\n"
    assert summary_of(conv).rows[0].receptive_field == 5
    assert "3 x 3/ 1(2)" in summary_of(conv).text()


@pytest.mark.parametrize(
    ("layers", "line"),
    [
        ("[conv]\nfilters=8\ngroups=4\n", "   0 conv      8/   4  1 x 1/ 1 "),
        ("[conv]\nxnor=1\n", "   0 convX     1       1 x 1/ 1 "),
        ("[conv]\nsize=3\nstride_x=2\nstride_y=1\n", "   0 conv      1       3x 3/ 2x 1 "),
        ("[max]\nstride_x=2\nstride_y=4\nsize=2\n", "   0 max               2x 2/ 2x 4 "),
        ("[max]\nmaxpool_depth=1\nout_channels=2\n", "   0 max-depth          1x 1/ 1 "),
        ("[local_avg]\nsize=2\nstride=2\n", "   0 avg                2x 2/ 2 "),
        ("[cost]\n", "   0 cost                                           4096"),
        ("[crop]\ncrop_width=8\ncrop_height=6\n", "   0 Crop Layer: 32 x 32 -> 6 x 8 x 4 image"),
        ("[batchnorm]\n", "   0 Batch Normalization Layer: 32 x 32 x 4 image"),
        ("[upsample]\nstride=-2\n", "   0 downsample               2x  "),
        ("[upsample]\nstride=1\n", "   0 upsample                 1x  "),
        ("[gru]\noutput=7\n", "   0 GRU Layer: 4096 inputs, 7 outputs"),
        ("[history]\n", "   0 HISTORY b = 1, s =  4, steps =  1     32 x  32 x   4 -> "),
        ("[iseg]\nclasses=2\nids=2\n", "   0 iseg "),
    ],
)
def test_lines_of_single_layers(layers: str, line: str) -> None:
    assert summary_of(layers).text().splitlines()[1].startswith(line)


def test_recurrent_layers_show_their_parts() -> None:
    lines = summary_of("[gru]\noutput=7\n").text().splitlines()
    assert lines[2].strip() == "connected                            4096  ->     7"
    assert [line.strip().split()[0] for line in lines[2:8]] == ["connected"] * 6


def test_every_kind_has_a_line() -> None:
    for cfg in sorted(CFGS.glob("*.cfg")):
        assert summarize(read_graph(cfg)).text()


def test_json_holds_the_table() -> None:
    actual = json.loads(summarize(read("yolov3-tiny")).to_json())
    assert (actual["fork"], actual["input"]) == ("alexeyab", [3, 416, 416])
    assert actual["layers"][20] == {
        "index": 20,
        "kind": "route",
        "filters": "19 8",
        "size": "",
        "inputs": [[128, 26, 26], [256, 26, 26]],
        "output": [384, 26, 26],
        "bflops": 0.0,
        "parameters": 0,
        "receptive_field": actual["layers"][20]["receptive_field"],
    }
    assert actual["totals"]["weights_bytes"] == 35434956
    assert actual["totals"]["stride"] == 32
