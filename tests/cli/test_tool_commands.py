"""summary, check and partial from the command line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from darknet_py.cli.main import main
from darknet_py.network.network import Network

CFGS = Path(__file__).resolve().parent.parent.parent / "cfg"
TINY = str(CFGS / "yolov3-tiny.cfg")
NET = """[net]
width=8
height=8
channels=1
[conv]
filters=2
activation=leaky
[conv]
filters=3
activation=leaky
[conv]
filters=4
activation=leaky
"""
COUNTS = [2 * 1 + 2, 3 * 2 + 3, 4 * 3 + 4]


def run(*words: object) -> Result:
    return CliRunner().invoke(main, [str(word) for word in words])


@pytest.fixture
def cfg(tmp_path: Path) -> Path:
    path = tmp_path / "net.cfg"
    path.write_text(NET)
    return path


def test_summary_prints_the_table() -> None:
    result = run("summary", TINY)
    assert result.exit_code == 0
    assert "\nTotal BFLOPS 5.571 \navg_outputs = " in result.stdout
    assert "weights file: 35,434,956 bytes" in result.stdout
    assert result.stderr == ""


def test_summary_as_json_at_another_size() -> None:
    found = json.loads(run("summary", TINY, "-json", "-width", 320, "--height", 224).stdout)
    assert found["input"] == [3, 224, 320]


def test_warnings_go_to_stderr_and_strict_stops(cfg: Path) -> None:
    cfg.write_text(NET.replace("filters=4", "filters=4\nfliters=4"))
    result = run("summary", cfg, "--json")
    assert json.loads(result.stdout)["layers"][2]["filters"] == "4"
    assert result.stderr.startswith("warning: ")
    assert "did you mean 'filters'?" in result.stderr
    strict = run("summary", cfg, "-strict")
    assert (strict.exit_code, strict.stdout) == (1, "")


def test_check_says_ok(cfg: Path) -> None:
    result = run("check", cfg)
    assert (result.exit_code, result.stdout) == (0, "OK\n")


def test_check_counts_what_is_wrong(cfg: Path) -> None:
    cfg.write_text(NET.replace("filters=4", "fliters=4").replace("filters=3", "filters=x"))
    result = run("check", cfg)
    assert result.exit_code == 1
    assert result.stdout.splitlines()[-1] == "1 error, 1 warning"
    assert json.loads(run("check", cfg, "--json").stdout)["errors"] == 1


def test_warnings_fail_only_under_strict(cfg: Path) -> None:
    cfg.write_text(NET.replace("filters=4", "fliters=4"))
    assert run("check", cfg).exit_code == 0
    assert run("check", cfg).stdout.splitlines()[-1] == "OK, 1 warning"
    result = run("check", "-strict", cfg)
    assert (result.exit_code, result.stdout.splitlines()[-1]) == (1, "1 error, 0 warnings")


@pytest.mark.parametrize("fork", ["alexeyab", "pjreddie"])
def test_partial_keeps_the_first_layers(cfg: Path, tmp_path: Path, fork: str) -> None:
    whole, part = tmp_path / "whole.weights", tmp_path / "net.conv.2"
    Network.from_cfg(cfg, seed=1).save_weights(whole)
    result = run("partial", cfg, whole, part, 2, "-fork", fork)
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout == f"{part}: the first 2 of 3 layers of {whole}\n"
    assert part.read_bytes()[20:] == whole.read_bytes()[20 : 20 + 4 * sum(COUNTS[:2])]
    assert part.read_bytes()[12:20] == bytes(8)


def test_partial_of_a_longer_and_of_a_shorter_file(cfg: Path, tmp_path: Path) -> None:
    whole, part, again = (tmp_path / name for name in ("whole", "part", "again"))
    Network.from_cfg(cfg, seed=1).save_weights(whole)
    longer = tmp_path / "longer"
    longer.write_bytes(whole.read_bytes() + bytes(40))
    assert run("partial", cfg, longer, part, 1).exit_code == 0
    assert part.stat().st_size == 20 + 4 * COUNTS[0]
    result = run("partial", cfg, part, again, 2)
    assert result.exit_code == 0
    assert f"{part} ends before layer 1: layers 1 to 1 have random weights" in result.stderr
    assert again.stat().st_size == 20 + 4 * sum(COUNTS[:2])
    assert again.read_bytes()[: part.stat().st_size] == part.read_bytes()


@pytest.mark.parametrize("count", [0, 4, -1])
def test_partial_refuses_a_count_the_net_does_not_have(cfg: Path, count: int) -> None:
    result = run("partial", cfg, "w", "o", "--", count)
    message = f"darknet-py: error: N is {count}, expected 1 to 3, the layers of the cfg\n"
    assert (result.exit_code, result.stderr) == (1, message)
