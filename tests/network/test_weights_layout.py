"""Where layers lie in a .weights file, and what is said about files that do not fit."""

from __future__ import annotations

import hashlib
import re
import struct
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from support.layer_check import network, read

from darknet_py.errors import DarknetError, WeightsError
from darknet_py.network import weights_layout
from darknet_py.network.graph import Graph
from darknet_py.network.network import load_planned
from darknet_py.network.weights_header import Header
from darknet_py.network.weights_layout import plan

CFG = """[net]
channels=1
height=2
width=2
[conv]
filters=2
batch_normalize=1
activation=linear
[dropout]
[connected]
output=3
[softmax]
"""
FLOATS = (8 + 2, 3 + 3 * 8)
"""Of the two layers with weights: biases, BN arrays and kernels; biases and matrix."""


def graph() -> Graph:
    return read(CFG)


def written(tmp_path: Path, raw: bytes) -> Path:
    path = tmp_path / "a.weights"
    path.write_bytes(raw)
    return path


def header(*version: int, seen: int = 7, wide: bool = True) -> bytes:
    return struct.pack("<iii", *version) + struct.pack("<Q" if wide else "<I", seen)


def zeros(count: float) -> bytes:
    return bytes(round(4 * count))


HEADERS = [
    ((0, 2, 5), 20, False, "AlexeyAB's"),
    ((0, 2, 0), 20, False, "pjreddie's"),
    ((0, 1, 0), 16, False, "the days of yolov1"),
    ((0, 0, 0), 16, False, "older still"),
    ((1, 0, 0), 20, False, "10 * major + minor >= 2"),
    ((0, 1001, 0), 16, True, "transposed"),
    ((2000, 0, 0), 16, True, "transposed"),
    ((0, 1000, 0), 16, False, "pjreddie's rule has a gap at exactly 1000"),
    ((1000, 0, 0), 16, False, "likewise"),
]


@pytest.mark.parametrize("version, size, transposed, reason", HEADERS)
def test_headers(
    tmp_path: Path, version: tuple[int, int, int], size: int, transposed: bool, reason: str
) -> None:
    seen = 2**32 + 5 if size == 20 else 2**31 + 5
    raw = header(*version, seen=seen, wide=size == 20)
    assert len(raw) == size
    actual = plan(graph(), written(tmp_path, raw + zeros(sum(FLOATS))))
    assert actual.header == Header(*version, seen)
    assert (actual.header.size, actual.header.transposed) == (size, transposed), reason
    assert actual.header.pack() == raw


def test_plan_of_a_file_that_fits(tmp_path: Path) -> None:
    path = written(tmp_path, header(0, 2, 5) + zeros(sum(FLOATS)))
    actual = plan(graph(), path)
    assert (actual.layers, actual.covered, actual.floats, actual.partial) == (
        (0, 2),
        4,
        sum(FLOATS),
        False,
    )
    assert (actual.path, actual.bytes) == (str(path), 20 + 4 * sum(FLOATS))


@pytest.mark.parametrize(
    "floats, cutoff, layers, covered, partial",
    [
        (FLOATS[0], None, (0,), 2, True),  # the first layer that needs more is 2
        (sum(FLOATS), None, (0, 2), 4, False),
        (sum(FLOATS), 2, (0,), 2, False),  # the rest of the file is left alone
        (FLOATS[0], 2, (0,), 2, False),
        (sum(FLOATS) + 5, 3, (0, 2), 3, False),
        (sum(FLOATS), 99, (0, 2), 4, False),
        (sum(FLOATS), 0, (), 0, False),
        (FLOATS[0], 3, (0,), 2, True),
    ],
)
def test_partial_files_and_cutoff(
    tmp_path: Path,
    floats: int,
    cutoff: int | None,
    layers: tuple[int, ...],
    covered: int,
    partial: bool,
) -> None:
    actual = plan(graph(), written(tmp_path, header(0, 2, 5) + zeros(floats)), cutoff)
    assert (actual.layers, actual.covered, actual.partial) == (layers, covered, partial)


MISFITS = [
    (
        header(0, 2, 5) + zeros(36),
        "the cfg needs 37 floats, the file has 36: it ends inside layer 2 [connected] (line 10), "
        "26 of 27 floats; the file is cut off, or belongs to another cfg",
    ),
    (
        header(0, 2, 5) + zeros(3),
        "the file has 3: it ends inside layer 0 [convolutional] (line 5), 3 of 10 floats",
    ),
    (
        header(0, 2, 5) + zeros(40),
        "the cfg needs 37 floats, the file has 40: 3 too many after the last layer",
    ),
    (
        header(0, 2, 5) + zeros(37.25),
        "the file has 37 and 1 bytes: 0 and 1 bytes too many after the last layer",
    ),
    (
        header(0, 2, 5) + zeros(12.5),
        "the file has 12 and 2 bytes: it ends inside layer 2 [connected] (line 10), "
        "2 and 2 bytes of 27 floats",
    ),
    (
        header(0, 2000, 0, wide=False) + zeros(36),
        "26 of 27 floats; its version marks an old transposed file",
    ),
    (header(0, 2, 5), "has a header and no weights; the cfg needs 37 floats"),
    (
        header(0, 2, 5)[:16],
        "has 16 bytes, less than the 20 of its header; the download was cut off",
    ),
    (header(0, 2, 5)[:9], "has 9 bytes, less than the 16 of its header; the download was cut off"),
    (b"", "is empty; the download was cut off"),
    (header(-1, 2, 5) + zeros(37), "is no .weights file (its version would be -1.2.5)"),
    (
        header(0, 100_000, 5, wide=False) + zeros(37),
        "is no .weights file (its version would be 0.100000.5)",
    ),
    (b"\x7fELF" + bytes(range(200)), "is no .weights file (its version would be"),
    (b"<!DOCTYPE html><html>", "is an HTML page, not weights: the download link led to a web page"),
    (b"\n <html><body>", "is an HTML page, not weights"),
    (
        b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n",
        "is a git-lfs pointer, not the weights: run `git lfs pull`",
    ),
    (CFG.encode(), "is a cfg; are cfg and weights swapped?"),
    (b"PK\x03\x04" + bytes(300), "is a zip archive (a PyTorch .pt file?), not Darknet weights"),
    (b"person\nbicycle\n", "is a text file, not weights"),
]


@pytest.mark.parametrize("raw, message", MISFITS)
def test_files_that_do_not_fit(tmp_path: Path, raw: bytes, message: str) -> None:
    path = written(tmp_path, raw)
    with pytest.raises(WeightsError, match=re.escape(message)) as caught:
        plan(graph(), path)
    assert str(caught.value).startswith(f"{path}: ")
    assert "\n" not in str(caught.value)


def test_cfg_with_comments_on_top_as_weights(tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match="is a text file, not weights"):
        plan(graph(), written(tmp_path, b"# yolo\n" + CFG.encode()))


def test_missing_directory_and_unreadable(tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match="no such file; check the path"):
        plan(graph(), tmp_path / "gone.weights")
    with pytest.raises(WeightsError, match="is a directory, expected a .weights file"):
        plan(graph(), tmp_path)
    (tmp_path / "file").write_bytes(b"x")
    with pytest.raises(WeightsError, match="cannot be read: Not a directory"):
        plan(graph(), tmp_path / "file" / "a.weights")


def heads(kind: str, classes: int) -> Graph:
    anchors = 2
    filters = anchors * (classes + 5)
    words = {
        "yolo": f"num=4\nmask=0,1\nanchors={','.join('12345678')}",
        "region": "num=2\nanchors=1,2,3,4",
    }
    head = f"[conv]\nfilters={filters}\nactivation=linear\n"
    head += f"[{kind}]\nclasses={classes}\n{words[kind]}\n"
    cfg = f"[net]\nchannels=3\nheight=4\nwidth=4\n[conv]\nfilters=6\nsize=3\npad=1\n{head}"
    if kind == "yolo":
        cfg += f"[route]\nlayers=0\n{head}"
    return read(cfg)


@pytest.mark.parametrize("kind", ["yolo", "region"])
@pytest.mark.parametrize("theirs", [1, 2, 80])
def test_other_numbers_of_classes_are_named(tmp_path: Path, kind: str, theirs: int) -> None:
    path = written(tmp_path, header(0, 2, 5) + zeros(heads(kind, theirs).parameters))
    with pytest.raises(
        WeightsError, match=rf"; it fits classes={theirs} in the heads \(and filters="
    ):
        plan(heads(kind, 20), path)


def test_no_classes_fit_a_file_of_another_network(tmp_path: Path) -> None:
    path = written(tmp_path, header(0, 2, 5) + zeros(heads("yolo", 80).parameters + 1))
    with pytest.raises(WeightsError) as caught:
        plan(heads("yolo", 20), path)
    assert "classes=" not in str(caught.value)


@pytest.mark.parametrize(
    "options, floats, reason",
    [
        ("dontload=1", 0, "consumes nothing"),
        ("dontloadscales=1", 10 - 6, "the three arrays are absent"),
        ("numload=1", 4 + 1, "that many filters"),
        ("dontsave=1", 10, "says nothing about loading"),
    ],
)
def test_options_that_change_what_is_read(
    tmp_path: Path, options: str, floats: int, reason: str
) -> None:
    changed = read(CFG.replace("filters=2\n", f"filters=2\n{options}\n"))
    raw = header(0, 2, 5) + zeros(floats + FLOATS[1])
    assert plan(changed, written(tmp_path, raw)).floats == floats + FLOATS[1], reason


@pytest.mark.parametrize("numload", [3, -1])
def test_numload_must_lie_within_the_filters(numload: int) -> None:
    """Otherwise the sizes are those of rows that do not exist (C writes past its arrays)."""
    with pytest.raises(Exception, match="numload"):
        read(CFG.replace("filters=2\n", f"filters=2\nnumload={numload}\n"))


def test_unset_lists_the_layers_a_file_leaves_open(tmp_path: Path) -> None:
    part = plan(graph(), written(tmp_path, header(0, 2, 5) + zeros(FLOATS[0])))
    assert weights_layout.uninitialized(graph(), part) == [2]
    whole = plan(graph(), written(tmp_path, header(0, 2, 5) + zeros(sum(FLOATS))))
    assert weights_layout.uninitialized(graph(), whole) == []
    for options in ("dontload=1", "dontloadscales=1", "numload=1"):
        changed = read(CFG.replace("filters=2\n", f"filters=2\n{options}\n"))
        count = sum(
            sum(map(weights_layout.floats_of, weights_layout.loaded(changed, i))) for i in range(4)
        )
        full = plan(changed, written(tmp_path, header(0, 2, 5) + zeros(count)))
        assert weights_layout.uninitialized(changed, full) == [0], options


TINY = """[net]
channels=3
height=4
width=4
[conv]
filters=14
[yolo]
classes=2
num=4
mask=2,3
anchors=1,2,3,4,5,6,7,8
[route]
layers=-2
[conv]
filters=21
[yolo]
classes=2
num=4
mask={mask}
anchors=1,2,3,4,5,6,7,8
"""


@pytest.mark.parametrize(
    "mask, right_file, noted",
    [("0,1,2", True, True), ("1,2,3", True, False), ("0,1,2", False, False)],
)
def test_note_on_the_published_yolov3_tiny(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mask: str, right_file: bool, noted: bool
) -> None:
    net = network(TINY.format(mask=mask))
    path = tmp_path / "yolov3-tiny.weights"
    net.save_weights(path)
    raw = path.read_bytes()
    digest = hashlib.md5(raw).hexdigest() if right_file else "0" * 32
    monkeypatch.setattr(weights_layout, "TINY_MD5", digest)
    monkeypatch.setattr(weights_layout, "TINY_SIZES", (len(raw),))
    notes = net.load_weights(path).notes
    assert notes == ((weights_layout.TINY_NOTE,) if noted else ())
    assert "mask=1,2,3" in weights_layout.TINY_NOTE


def test_published_sizes_of_yolov3_tiny() -> None:
    """20 or 16 bytes of header and 8858734 floats: the file the note is about."""
    assert weights_layout.TINY_SIZES == (20 + 4 * 8858734, 16 + 4 * 8858734)


def test_a_negative_cutoff_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DarknetError, match="cutoff=-1, expected a number of layers, 0 to 4"):
        plan(graph(), written(tmp_path, header(0, 2, 5)), -1)


def test_no_file_leaves_all_layers_at_random_and_the_same_each_time() -> None:
    without = plan(graph(), None)
    assert not without.is_file and (without.path, without.layers) == (graph().path, ())
    (loaded, report), (again, _) = (load_planned(graph(), without) for _ in range(2))
    assert report.warnings == ("no WEIGHTS given (seed 0); layers 0 to 2 start at random",)
    state, same = loaded.state_dict(), again.state_dict()
    assert all(torch.equal(value, same[name]) for name, value in state.items())
    other, _ = load_planned(graph(), without, seed=1)
    assert not all(torch.equal(value, state[name]) for name, value in other.state_dict().items())


@pytest.mark.parametrize(
    ("start", "what"), [(b"\xff\xd8\xff\xe0", "JPEG"), (b"\x89PNG\r\n\x1a\n", "PNG")]
)
def test_an_image_is_no_weights_file(tmp_path: Path, start: bytes, what: str) -> None:
    with pytest.raises(WeightsError, match=f"is a {what} image, not weights; WEIGHTS come before"):
        plan(graph(), written(tmp_path, start + bytes(100)))


def test_a_file_whose_bytes_are_in_memory(tmp_path: Path) -> None:
    """Its name is only said, and the network becomes the same."""
    values = torch.arange(float(sum(FLOATS)))
    raw = header(0, 2, 5) + values.numpy().tobytes()
    held = plan(graph(), "from a database", content=raw)
    assert held == replace(plan(graph(), written(tmp_path, raw)), path="from a database")
    net, report = load_planned(graph(), held)
    assert report.path == "from a database" and report.seen == 7
    assert net.own(2)["biases"].tolist() == [10, 11, 12]
    with pytest.raises(
        WeightsError, match="from a database: the cfg needs 37 floats, the file has"
    ):
        plan(graph(), "from a database", content=raw[:-4])
    with pytest.raises(WeightsError, match="memory: is an HTML page"):
        plan(graph(), "memory", content=b"<html>" + raw)
