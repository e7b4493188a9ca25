"""Flags without dashes and files in any order, where nothing else can be meant."""

from __future__ import annotations

from pathlib import Path

import pytest

from darknet_py.cli.darknet_argv import command_first
from darknet_py.cli.hank_argv import in_order, with_dashes

DETECTOR = ["data", "cfg", "weights"]


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("a.data verbose show numofclusters 6", "a.data -verbose -show -numofclusters 6"),
        ("a.data num_of_clusters 6 Dont_Show", "a.data -numofclusters 6 -dontshow"),
        ("a.data width b.cfg", "a.data width b.cfg"),
        ("a.data width", "a.data width"),
        ("a.data skipclasses 2,5-8", "a.data -skipclasses 2,5-8"),
        ("a.data log show.txt", "a.data -log show.txt"),
        ("a.data -out show -thresh .5 map", "a.data -out show -thresh .5 -map"),
        ("a.data --precision fp16", "a.data --precision fp16"),
        ("a.data -dont_show map", "a.data -dont_show -map"),
        ("a.data -map dontshow", "a.data -map -dontshow"),
        ("s out prefix", "s out prefix"),
    ],
)
def test_bare_flags(written: str, meant: str) -> None:
    assert with_dashes(written.split()) == meant.split()


def test_a_file_is_no_flag(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert with_dashes(["map"]) == ["-map"]
    Path("map").write_text("")
    assert with_dashes(["map"]) == ["map"]


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("a.cfg a.weights a.data", "a.data a.cfg a.weights"),
        ("a.weights a.cfg a.data dog.jpg", "a.data a.cfg a.weights dog.jpg"),
        ("a.cfg a.data dog.jpg a.weights cat.jpg", "a.data a.cfg a.weights dog.jpg cat.jpg"),
        ("a.data a.cfg dog.jpg a.weights", "a.data a.cfg a.weights dog.jpg"),
        ("a.cfg a.data darknet53.conv.74", "a.data a.cfg darknet53.conv.74"),
        ("a.cfg a.data", "a.data a.cfg"),
        # the order of the other programs, whatever the names are
        ("a.data a.cfg a.weights b.weights", "a.data a.cfg a.weights b.weights"),
        ("voc.txt a.cfg a.weights", "voc.txt a.cfg a.weights"),
        ("a.data net.txt a.weights", "a.data net.txt a.weights"),
        ("a.data a.cfg yolov4.conv.137 b.weights", "a.data a.cfg yolov4.conv.137 b.weights"),
        ("a.cfg b.cfg a.weights", "a.cfg b.cfg a.weights"),
        ("a.weights a.cfg", "a.weights a.cfg"),
        ("", ""),
    ],
)
def test_files_by_their_endings(written: str, meant: str) -> None:
    assert in_order(written.split(), DETECTOR) == meant.split()


@pytest.mark.parametrize(
    ("names", "written", "meant"),
    [
        ("cfg weights", "a.weights a.cfg dog.jpg", "a.cfg a.weights dog.jpg"),
        ("cfg weights out layers", "a.cfg a.weights b.weights 9", "a.cfg a.weights b.weights 9"),
        ("cfg weights out layers", "a.weights a.cfg b.weights 9", "a.cfg a.weights b.weights 9"),
        ("data cfg", "a.cfg a.data", "a.data a.cfg"),
        ("data cfg", "a.data", "a.data"),
        ("words", "a.weights a.cfg", "a.weights a.cfg"),
        ("cfg weights", "a.data a.cfg a.weights a.png", "a.data a.cfg a.weights a.png"),
    ],
)
def test_of_other_commands(names: str, written: str, meant: str) -> None:
    assert in_order(written.split(), names.split()) == meant.split()


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("verbose detector train", "detector verbose train"),
        ("thresh .5 test a", "test thresh .5 a"),
        ("-out map test a", "test -out map a"),
        ("-c 0 test map", "test -c 0 map"),
        ("-h test", "test -h"),
    ],
)
def test_before_the_command(written: str, meant: str) -> None:
    assert command_first(written.split(), ["detector", "test", "map"]) == meant.split()
