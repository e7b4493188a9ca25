"""Sections to a graph: references, shapes, heads, and errors one at a time or all at once."""

from __future__ import annotations

import re
import time
from pathlib import Path
from typing import Any

import pytest
from support.layer_check import notices_of, read

from darknet_py.errors import (
    BadOption,
    CfgError,
    DarknetError,
    Location,
    Notice,
    Problems,
    ShapeError,
    UnknownSection,
)
from darknet_py.forks import ALEXEYAB, PJREDDIE, fork_named
from darknet_py.layers import SECTIONS
from darknet_py.network import graph as graphs
from darknet_py.network.graph import read_graph

NET = "[net]\nchannels=3\nheight=8\nwidth=8\n"
CONV = "[conv]\nfilters=4\nsize=3\npad=1\nactivation=leaky\n"


def test_nodes() -> None:
    graph = read(
        NET + CONV + "[maxpool]\nsize=2\nstride=2\n[route]\nlayers=0\n[shortcut]\nfrom=-3\n"
    )
    assert [node.layer.kind for node in graph.nodes] == [
        "convolutional",
        "maxpool",
        "route",
        "shortcut",
    ]
    assert [node.inputs for node in graph.nodes] == [(-1,), (0,), (0,), (2, 0)]
    assert [tuple(node.out) for node in graph.nodes] == [(4, 8, 8), (4, 4, 4), (4, 8, 8), (4, 8, 8)]
    assert graph.nodes[3].shapes == ((4, 8, 8), (4, 8, 8))
    assert graph.last_use == {-1: 0, 0: 3, 2: 3}


@pytest.mark.parametrize("reference, layer", [("-1", 2), ("-3", 0), ("0", 0), ("2", 2)])
def test_references(reference: str, layer: int) -> None:
    graph = read(f"{NET}{CONV * 3}[route]\nlayers={reference}\n")
    assert graph.nodes[3].inputs == (layer,)


HEAD = "[yolo]\nclasses=1\nanchors=2,3\n"


@pytest.mark.parametrize(
    "layers, heads, last",
    [
        (CONV, [0], 0),
        (CONV + "[softmax]\n[cost]\n", [1], 1),
        ("[conv]\nfilters=6\n" + HEAD + "[route]\nlayers=0\n" + HEAD, [1, 3], 3),
        ("[conv]\nfilters=6\n" + HEAD + "[route]\nlayers=0\n", [1], 2),
        ("[cost]\n", [0], 0),
    ],
)
def test_heads(layers: str, heads: list[int], last: int) -> None:
    graph = read(NET + layers)
    assert (graph.heads, graph.last) == (heads, last)


@pytest.mark.parametrize(
    "cfg, classes",
    [
        ("[conv]\nfilters=14\n[yolo]\nclasses=2\nnum=2\nanchors=1,2,3,4\n", 2),
        ("[conv]\nfilters=8\n[region]\nclasses=3\n[dropout]\n", 3),
        ("[connected]\noutput=15\n[detection]\nside=1\nclasses=10\ncoords=4\n", 10),
        ("[softmax]\n", None),
    ],
)
def test_head_classes(cfg: str, classes: int | None) -> None:
    assert read(f"[net]\nchannels=3\nheight=4\nwidth=4\n{cfg}").head_classes == classes


def test_parameters_count_the_file() -> None:
    cfg = (
        NET
        + CONV
        + "batch_normalize=1\n"
        + CONV.replace("conv]", "conv]\nshare_index=0")
        + "[batchnorm]\n"
    )
    first = 4 * 4 + 4 * 3 * 9
    message = r"weights of layer 0 are \(4, 3, 3\)"
    with pytest.raises(ShapeError, match=message):  # three channels are not four
        read(cfg)
    cfg = NET.replace("channels=3", "channels=4") + cfg.removeprefix(NET)
    first += 4 * 9
    assert read(cfg).parameters == first + 4 * 4
    assert read(cfg, "pjreddie").parameters == first + 3 * 4


SIZES = {
    "yolov3": 248007048, "yolov3-tiny": 35434956, "yolov3-spp": 252209544, "yolov4": 257717640,
    "yolov4-tiny": 24251276, "yolov4-csp": 211944840, "yolov2": 203934264, "yolov2-tiny": 44948600,
    "yolov1": 789312992, "darknet53": 166582580,
}  # fmt: skip


@pytest.mark.parametrize("name", SIZES)
def test_published_file_sizes(name: str) -> None:
    cfg = Path(__file__).parent.parent.parent / "cfg" / f"{name}.cfg"
    assert 20 + 4 * read_graph(cfg).parameters == SIZES[name]


@pytest.mark.parametrize("name", ["alexeyab", "pjreddie"])
def test_forks(name: str) -> None:
    assert fork_named(name).name == name == read(NET + CONV, name).fork.name
    assert fork_named(ALEXEYAB) is ALEXEYAB
    assert sorted(ALEXEYAB.weights.gru_order) == sorted(PJREDDIE.weights.gru_order)
    assert sorted(ALEXEYAB.weights.lstm_order) == sorted(PJREDDIE.weights.lstm_order)


def test_unknown_fork() -> None:
    message = "unknown fork 'alexyab', known are alexeyab, pjreddie; did you mean 'alexeyab'?"
    with pytest.raises(DarknetError, match=re.escape(message)):
        fork_named("alexyab")


def test_overrides(tmp_path: Path) -> None:
    (tmp_path / "net.cfg").write_text(NET + CONV)
    graph = read_graph(tmp_path / "net.cfg", width=16, height=4, time_steps=3)
    assert (graph.nodes[0].out, graph.net.time_steps) == ((4, 4, 16), 3)


ERRORS = [
    (NET, CfgError, "net.cfg: has no layer after [net]"),
    (
        NET + "[convolutionall]\n",
        UnknownSection,
        "net.cfg:5: [convolutionall]: unknown section; did you mean 'convolutional'?",
    ),
    (NET + "[qqq]\n", UnknownSection, "net.cfg:5: [qqq]: unknown section; known are "),
    (
        NET + "[net]\n",
        UnknownSection,
        "a second [net] is not a layer; only the first section may be [net]",
    ),
    (NET + "[yolo] # head\n", UnknownSection, "net.cfg:5: [yolo]#head]: what follows the ] counts"),
    (NET + "[Yolo]\n", UnknownSection, "[Yolo]: unknown section; did you mean 'yolo'?"),
    (
        NET + CONV + "[route]\nlayers=-1,1\n",
        ShapeError,
        "net.cfg:11: [route] layers: read 1 = layer 1",
    ),
    (
        NET + "[region]\nclasses=x\n",
        BadOption,
        "net.cfg:6: [region] classes: read 'x', expected an integer",
    ),
]


@pytest.mark.parametrize("cfg, error, message", ERRORS)
def test_errors(cfg: str, error: type[CfgError], message: str) -> None:
    with pytest.raises(error) as caught:
        read(cfg)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "layers, what",
    [
        ("[connected]\noutput=20000000\n", "weights would hold 3860000000 values"),
        ("[conv]\nfilters=40000000\n", "output would hold 2560000000 values"),
        ("[upsample]\nstride=8000\n", "output would hold 12288000000 values"),
        ("[lstm]\noutput=40000\n", "weights would hold"),
    ],
)
def test_sizes_are_checked_before_memory_is_taken(layers: str, what: str) -> None:
    started = time.monotonic()
    with pytest.raises(ShapeError, match=what) as caught:
        read(NET + layers)
    assert "Darknet's limit is 2147483647; is a size in this cfg too large?" in str(caught.value)
    assert time.monotonic() - started < 1


def test_huge_input() -> None:
    with pytest.raises(ShapeError, match="input would hold|output would hold"):
        read("[net]\nchannels=3\nheight=100000\nwidth=100000\n[avgpool]\n")


def test_data_errors_of_a_section_become_cfg_errors_with_its_line() -> None:
    with pytest.raises(CfgError) as caught:
        read(NET + "[softmax]\ntree=gone.tree\n")
    assert str(caught.value) == "net.cfg:5: [softmax]: gone.tree: no such file; check the path"


FLAT = [
    (
        CONV + "[conv]\nstride=2\n[route]\nlayers=0,1\n",
        "layer 2 [route] gives no image: it joins 8 x 8 and 4 x 4",
    ),
    ("[reorg]\nextra=1\n", "layer 0 [reorg] gives no image"),
]


@pytest.mark.parametrize("feed, message", FLAT)
@pytest.mark.parametrize(
    "section",
    [
        "conv",
        "deconv",
        "local",
        "maxpool",
        "local_avgpool",
        "avgpool",
        "upsample",
        "reorg",
        "reorg3d",
        "crop",
    ],
)
def test_layers_that_need_an_image_refuse_a_row_of_values(
    feed: str, message: str, section: str
) -> None:
    with pytest.raises(ShapeError, match=re.escape(message)):
        read(f"{NET}{feed}[{section}]\n")


@pytest.mark.parametrize("feed, _", FLAT)
def test_other_layers_take_a_row_of_values(feed: str, _: str) -> None:
    graph = read(f"{NET}{feed}[connected]\noutput=3\n")
    assert graph.nodes[-1].out == (3, 1, 1)


def test_vectors_are_images_of_one_pixel() -> None:
    """Darknet allows convolutions after [connected] and [avgpool]."""
    assert read(f"{NET}[connected]\noutput=5\n{CONV}").nodes[1].out == (4, 1, 1)


BROKEN = (
    NET.replace("width", "wdth=8\nwidth")
    + "[conv]\nfilters=4\nsize=x\nactivation=lekay\n"
    + "[maxpol]\n"
    + CONV
    + "[shortcut]\nfrom=-3\n"
    + "[route]\nlayers=7\n"
    + "[conv]\nfilters=0\n"
    + "[conv]\nfilters=18\nsize=1\n"
    + "[yolo]\nclasses=2\nnum=3\nanchors=1,2,3,4,5\n"
)


def test_collected_errors_come_all_at_once() -> None:
    graph = read(BROKEN, collect=True)
    actual = [
        (notice.level, notice.location.line, notice.message.split(",")[0])
        for notice in graph.notices
    ]
    assert actual == [
        ("warning", 4, "unknown option"),
        ("error", 8, "read 'x'"),
        ("error", 9, "read 'lekay'"),
        ("error", 10, "unknown section; did you mean 'maxpool'?"),
        ("error", 19, "read 7 = layer 7"),
    ]
    assert len(graph.nodes) == 8


def test_first_error_is_raised_unless_collected() -> None:
    with pytest.raises(BadOption, match="net.cfg:8: .*read 'x', expected an integer"):
        read(BROKEN)


def test_what_a_broken_layer_feeds_is_not_judged() -> None:
    cfg = NET + "[conv]\nfilters=0\n" + HEAD + "[route]\nlayers=0\n" + HEAD
    graph = read(cfg, collect=True)
    assert [notice.location.line for notice in graph.notices if notice.level == "error"] == [6]


def test_heads_after_sound_layers_are_judged_all() -> None:
    cfg = NET + CONV + HEAD + CONV.replace("4", "5") + HEAD
    graph = read(cfg, collect=True)
    assert [n.message.split("; ")[1] for n in graph.notices if n.level == "error"] == [
        "set filters=6 at line 6",
        "set filters=6 at line 14",
    ]


def test_strict_mode_raises_at_warnings() -> None:
    cfg = NET + CONV + "sise=3\n"
    assert notices_of(read(cfg)) == [
        "warning: [conv] sise: unknown option, it has no effect; did you mean 'size'?"
    ]
    with pytest.raises(CfgError, match="net.cfg:10: .*sise: unknown option"):
        read(cfg, strict=True)


def test_notices_print_as_one_line() -> None:
    notice = Notice("note", Location("a.cfg", 3, "conv", "dot"), "nothing")
    assert str(notice) == "note: a.cfg:3: [conv] dot: nothing"
    assert str(Location()) == "" and str(Location("a.cfg")) == "a.cfg"
    assert str(DarknetError("x")) == "x"


BOTH_FORKS = """
convolutional conv deconvolutional deconv connected conn maxpool max avgpool avg local_avgpool
local_avg dropout crop cost local route upsample activation lrn normalization batchnorm softmax soft
logistic l2norm iseg shortcut detection region yolo Gaussian_yolo reorg reorg3d rnn gru lstm crnn
conv_lstm history sam scale_channels contrastive implicit empty silence
"""


def test_every_kind_is_registered_once() -> None:
    names = [name for kind in set(SECTIONS.values()) for name in kind.NAMES]
    assert sorted(names) == sorted(SECTIONS)
    assert set(BOTH_FORKS.split()) - set(SECTIONS) == set()  # kinds of our own may join them


def test_graph_needs_no_torch_module_state() -> None:
    """A graph is data: two readings of one file are equal and hash alike where they must."""
    first, second = read(NET + CONV), read(NET + CONV)
    assert first == second
    assert first.nodes[0].layer == second.nodes[0].layer


def test_problems_may_be_given_by_the_caller(tmp_path: Path) -> None:
    (tmp_path / "net.cfg").write_text(NET + "[conv]\nfilters=0\n")
    problems = Problems(collect=True)
    read_graph(tmp_path / "net.cfg", problems=problems)
    assert [notice.message for notice in problems.errors] == ["read 0, expected at least 1"]
    assert graphs.MAX_ELEMENTS == 2**31 - 1


def test_a_step_looks_at_its_own_inputs_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nor does it look at those of all layers: 9,000 took 10 seconds."""

    class Uses(dict[int, int]):
        def keys(self) -> Any:
            pytest.fail("looked at all of them")

        __iter__ = items = keys

    path = tmp_path / "n.cfg"
    path.write_text(NET + CONV + CONV + "[route]\nlayers=0\n")
    graph = read_graph(path)
    monkeypatch.setattr(type(graph), "last_use", property(lambda _: Uses({-1: 0, 0: 2})))
    assert [set(step.release_after) for step in graph.steps] == [{-1}, {1}, {0, 2}]


def test_an_option_does_not_count_all_notices_before_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "n.cfg"
    path.write_text(NET + (CONV + "foo=1\n") * 3 + CONV.replace("size=3", "size=x"))
    monkeypatch.setattr(Problems, "errors", property(lambda _: pytest.fail("listed them")))
    problems = Problems(collect=True)
    read_graph(path, problems=problems)
    assert problems.failures == 1
    assert [notice.level for notice in problems.notices] == ["warning"] * 3 + ["error"]
