"""`download`: the list, the paths it prints, mirrors, offline."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from support.small_registry import registered

from darknet_py.cli.main import main
from darknet_py.weights_registry.registry import networks


def run(*words: str) -> Result:
    return CliRunner().invoke(main, ["download", *words])


def test_the_list(cache: Path) -> None:
    cache.mkdir(parents=True)
    with open(cache / "yolov4-tiny.weights", "wb") as file:
        file.truncate(24251276)
    result = run("--list")
    assert result.exit_code == 0
    lines = result.stdout.splitlines()
    heads = "NAME TASK INPUT CLASSES MB AP AP50 CHECKED BY HERE"
    assert " ".join(lines[0].split()) == heads
    rows = {line.split()[0]: line.split()[1:] for line in lines[1:-1]}
    assert list(rows) == list(networks())
    assert rows["yolov4-tiny"] == ["detect", "416x416", "80", "24.3", "40.2", "sha256", "yes"]
    assert rows["yolov4"] == ["detect", "416x416", "80", "257.7", "41.2", "62.8", "sha256"]
    assert rows["yolov4-csp"][-2:] == ["size", "only"]
    assert rows["yolov7.conv.132"] == ["backbone", "121.3", "size", "only"]
    assert "size only: no published checksum" in lines[-1]


def test_the_list_as_json(cache: Path) -> None:
    rows = {row["name"]: row for row in json.loads(run("--list", "--json").stdout)}
    assert list(rows) == list(networks())
    tiny = rows["yolov4-tiny"]
    assert tiny["published"]["source"] == "https://github.com/AlexeyAB/darknet#pre-trained-models"
    weights = tiny["files"]["yolov4-tiny.weights"]
    assert weights["path"] == str(cache / "yolov4-tiny.weights") and weights["here"] is False
    assert weights["bytes"] == [24251276] and len(weights["urls"]) == 3
    assert weights["checked_by"] == "size and sha256" and "withdrawn" in weights["note"]
    assert tiny["files"]["coco.names"]["here"] is True
    assert rows["yolov7x"]["files"]["yolov7x.weights"]["checked_by"] == (
        "no published checksum, size only"
    )


def test_a_download(cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with registered("demo", tmp_path, monkeypatch) as site:
        result = run("demo", "--offline")
        assert result.exit_code == 1 and "nothing may be downloaded" in result.stderr
        assert site.asked == []
        result = run("demo")
        assert result.exit_code == 0, result.output
        assert result.stdout.splitlines()[-1] == f"{cache}/demo.weights: size and sha256"
        assert "demo.weights: downloading 1.8 MB from http://127.0.0.1" in result.stderr
        asked = len(site.asked)
        paths = json.loads(run("demo", "--json", "--offline").stdout)
        assert paths["demo"]["demo.weights"] == f"{cache}/demo.weights"
        assert Path(paths["demo"]["shapes.cfg"]).is_file() and len(site.asked) == asked
        (cache / "demo.weights").write_bytes(bytes((cache / "demo.weights").stat().st_size))
        result = run("demo")
        assert result.exit_code == 1
        assert "published is" in result.stderr and "remove it" in result.stderr


def test_all_mirrors(cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with registered("demo", tmp_path, monkeypatch) as site:
        result = run("demo", "--all-mirrors")
        assert result.exit_code == 1
        gone = site.url.replace("/file", "/none")
        assert result.stdout.splitlines() == [
            f"{gone}: answered 404 Not Found",
            f"{site.url}: well (size and sha256)",
        ]
        reports = json.loads(run("demo", "--all-mirrors", "--json").stdout)
    assert [report["issue"] for report in reports] == ["answered 404 Not Found", ""]
    assert (cache / "demo.weights").is_file()


def test_what_is_wrong_on_the_command_line() -> None:
    result = run()
    assert result.exit_code == 2 and "expected NAMES of networks; --list" in result.stderr
    result = run("yolov4tiny")
    assert result.exit_code == 1 and "did you mean 'yolov4-tiny'?" in result.stderr
    result = run("yolov4", "--all-mirrors", "--offline")
    assert result.exit_code == 2 and "--all-mirrors and --offline" in result.stderr
