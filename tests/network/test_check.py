"""`check` lists everything wrong at once and never raises for a bad file."""

from __future__ import annotations

import json
import struct
from pathlib import Path

import pytest

from darknet_py.errors import Location, Notice
from darknet_py.network.check import (
    CheckResult,
    check,
    check_data,
    check_files,
    count_line,
    data_sets,
)

CFGS = Path(__file__).resolve().parent.parent.parent / "cfg"
HEAD = """[net]
width={width}
height={height}
channels=3
batch={batch}
subdivisions={subdivisions}
[conv]
filters=4
size=3
stride=2
pad=1
activation=leaky
[max]
size=2
stride=2
[conv]
filters={filters}
activation=linear
[yolo]
mask=0,1
anchors=1,2,3,4
num=2
classes=3
[route]
layers=-3
[conv]
filters={second}
activation=linear
[yolo]
mask=0
anchors=1,2,3,4
num=2
classes={classes}
"""
GOOD = {"width": 64, "height": 64, "batch": 8, "subdivisions": 4}
GOOD |= {"filters": 16, "second": 8, "classes": 3}
COUNTS = [4 * 3 * 9 + 4, 16 * 4 + 16, 8 * 4 + 8]
"""Floats of the three convolutions."""


def write(folder: Path, **changes: int) -> Path:
    path = folder / "net.cfg"
    path.write_text(HEAD.format(**(GOOD | changes)))
    return path


def weights(folder: Path, floats: int, name: str = "net.weights") -> Path:
    path = folder / name
    path.write_bytes(struct.pack("<iiiQ", 0, 2, 5, 0) + b"\0" * 4 * floats)
    return path


def lines(notices: list[Notice]) -> list[str]:
    return [f"{n.level}: {n.location.key}: {n.message}" for n in notices]


def test_a_good_net_has_no_notice(tmp_path: Path) -> None:
    assert check(write(tmp_path), weights(tmp_path, sum(COUNTS))) == []


@pytest.mark.parametrize("cfg", sorted(CFGS.glob("*.cfg")), ids=lambda path: path.stem)
def test_shipped_cfgs_have_no_error(cfg: Path) -> None:
    assert [notice for notice in check(cfg) if notice.level == "error"] == []


@pytest.mark.parametrize(
    ("changes", "line"),
    [
        (
            {"width": 66},
            "error: width: 66 is no multiple of the network's stride 4; nearest: 64 and 68",
        ),
        (
            {"height": 3},
            "error: height: 3 is no multiple of the network's stride 4; nearest: 4",
        ),
        (
            {"batch": 10},
            "warning: batch: batch=10 is no multiple of subdivisions=4: Darknet trains on 8",
        ),
        (
            {"batch": 2},
            "warning: batch: batch=2 is less than subdivisions=4: no image would be trained",
        ),
        (
            {"second": 10, "classes": 5},
            "warning: classes: read 5, but line 23 says 3",
        ),
        (
            {"filters": 18},
            "error: : the layer above has filters=18, this head needs "
            "masks*(classes+5) = 2*(3+5) = 16; set filters=16 at line 17",
        ),
    ],
)
def test_each_finding(tmp_path: Path, changes: dict[str, int], line: str) -> None:
    assert lines(check(write(tmp_path, **changes))) == [line]


def test_everything_at_once(tmp_path: Path) -> None:
    notices = check(write(tmp_path, width=66, batch=10, filters=18, second=10, classes=5))
    assert [notice.level for notice in notices] == ["error", "error", "warning", "warning"]


def test_overrides_are_what_is_checked(tmp_path: Path) -> None:
    notices = check(write(tmp_path), width=30, height=34)
    assert [notice.location.key for notice in notices] == ["width", "height"]
    assert check(write(tmp_path, width=66), width=64) == []


def test_strict_makes_warnings_errors(tmp_path: Path) -> None:
    assert [notice.level for notice in check(write(tmp_path, batch=10), strict=True)] == ["error"]


def test_a_classifier_may_have_any_size(tmp_path: Path) -> None:
    path = tmp_path / "net.cfg"
    path.write_text("[net]\nwidth=35\nheight=35\nchannels=3\n[max]\nstride=2\n[avg]\n[softmax]\n")
    assert check(path) == []


def test_a_partial_file_is_a_note(tmp_path: Path) -> None:
    notices = check(write(tmp_path), weights(tmp_path, COUNTS[0]))
    message = "covers the layers before 2 of 7; the others keep a random start"
    assert lines(notices) == [f"note: : {message}"]


def test_weights_that_do_not_fit(tmp_path: Path) -> None:
    path = weights(tmp_path, sum(COUNTS) + 5)
    (notice,) = check(write(tmp_path), path)
    assert (notice.level, notice.location.path) == ("error", str(path))
    assert notice.message.startswith("the cfg needs 232 floats, the file has 237: 5 too many")
    assert str(notice).count(str(path)) == 1


def test_weights_are_not_compared_with_a_cfg_that_has_errors(tmp_path: Path) -> None:
    notices = check(write(tmp_path, filters=18), weights(tmp_path, 3))
    assert [notice.level for notice in notices] == ["error", "note"]
    assert notices[1].message == "not compared with the cfg, which has errors"


def test_a_bad_cfg_does_not_hide_bad_weights(tmp_path: Path) -> None:
    page = tmp_path / "page.weights"
    page.write_text("<!DOCTYPE html><html>")
    notices = check(write(tmp_path, filters=18), page)
    assert [notice.level for notice in notices] == ["error", "error"]
    assert notices[1].message.startswith("is an HTML page")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "no such file"),
        (b"", "has no section at all"),
        (b"\0\1", "is a binary file"),
        (b"width=3\n", "stands before any section"),
        (b"[conv]\n", "is the first section, expected [net]"),
        (b"[net]\nwidth=8\nheight=8\nchannels=1\n[cnv]\n", "did you mean 'conv'?"),
    ],
)
def test_bad_files_are_notices(tmp_path: Path, content: bytes | None, message: str) -> None:
    path = tmp_path / "net.cfg"
    if content is not None:
        path.write_bytes(content)
    (notice,) = check(path)
    assert notice.level == "error"
    assert message in str(notice)
    assert str(path) in str(notice)


def test_an_unknown_fork_is_a_notice(tmp_path: Path) -> None:
    (notice,) = check(write(tmp_path), fork="alexey")
    assert "did you mean 'alexeyab'?" in notice.message


DATA = "classes=2\nnames=n.names\ntrain=t.txt\n"


def test_data_file(tmp_path: Path) -> None:
    (tmp_path / "n.names").write_text("cat\ndog\n")
    (tmp_path / "t.txt").write_text("")
    path = tmp_path / "a.data"
    path.write_text(DATA)
    assert check_data(path) == []
    path.write_text(DATA.replace("2", "3"))
    (notice,) = check_data(path)
    assert notice.level == "warning", "it runs"
    assert notice.message.endswith("n.names has 2 names for classes=3")


def test_lines_of_a_data_file_are_named_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("n.names").write_text("cat\ndog\n")
    Path("t.txt").write_text("")
    Path("a.data").write_text(f"valid=\na line\n{DATA}")
    assert [str(notice) for notice in check_data("a.data")] == [
        "warning: a.data:1: 'valid=' has no value; Darknet discards the line",
        "warning: a.data:2: 'aline' has no '='; its default is used, as in Darknet",
    ]
    assert data_sets(["a.data"]) == [("a.data", None)]
    assert caplog.messages == []


def test_a_path_that_is_no_utf_8_is_printed_with_escapes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("a.data").write_bytes(b"classes=2\nnames=n.names\ntrain=caf\xe9.txt\n")
    Path("n.names").write_text("cat\ndog\n")
    text = check_files(["a.data"]).text()
    assert "a.data: train: caf\\udce9.txt: no such file" in text
    assert text.encode()


def test_data_file_with_missing_files(tmp_path: Path) -> None:
    path = tmp_path / "a.data"
    path.write_text(DATA)
    assert [notice.level for notice in check_data(path)] == ["warning", "error"]
    path.write_text("classes=2\n")
    assert lines(check_data(path)) == ["warning: : has no names=; classes are shown by number"]
    (notice,) = check_data(tmp_path / "none.data")
    assert "no such file" in notice.message


def test_files_are_paired(tmp_path: Path) -> None:
    cfg, fitting = write(tmp_path), weights(tmp_path, sum(COUNTS))
    short = weights(tmp_path, 5, "short.conv.3")
    assert check_files([cfg, fitting]).text() == "OK"
    result = check_files([cfg, cfg, short, CFGS / "yolov3-tiny.cfg"])
    assert (result.errors, result.warnings) == (1, 0)
    assert "short.conv.3" in result.text()


def test_verdict_words() -> None:
    location = Location("a.cfg", 3, "yolo", "mask")
    error, warning = Notice("error", location, "bad"), Notice("warning", location, "odd")
    assert CheckResult((warning,)).text().splitlines()[-1] == "OK, 1 warning"
    assert CheckResult((error, error, warning)).text().splitlines()[-1] == "2 errors, 1 warning"
    actual = json.loads(CheckResult((error,)).to_json())
    assert (actual["ok"], actual["errors"], actual["warnings"]) == (False, 1, 0)
    expected = {"level": "error", "file": "a.cfg", "line": 3, "section": "yolo", "key": "mask"}
    assert actual["notices"] == [expected | {"message": "bad"}]


def test_the_last_line() -> None:
    cases = {(0, 0): "OK", (0, 1): "OK, 1 warning", (1, 0): "1 error, 0 warnings"}
    for counts, line in cases.items():
        assert count_line(*counts) == line


def test_data_sets_and_their_cfgs(tmp_path: Path) -> None:
    (tmp_path / "t.txt").write_text("")
    a, b, none, bad = (tmp_path / f"{name}.data" for name in ("a", "b", "none", "bad"))
    for path, text in (
        (a, "train=t.txt"),
        (b, "valid=t.txt"),
        (none, "train=gone.txt"),
        (bad, "x"),
    ):
        path.write_text(text)
    assert data_sets([a, none, bad, tmp_path / "gone.data", "x.cfg"]) == [(str(a), "x.cfg")]
    actual = data_sets(["x.cfg", a, "y.cfg", "y.weights", b])
    assert actual == [(str(a), "y.cfg"), (str(b), "y.cfg")]
    assert data_sets([a]) == [(str(a), None)]
