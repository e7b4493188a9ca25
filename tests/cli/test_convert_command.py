"""`convert` on the command line: which word is what, what is said, what is refused."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from click.testing import CliRunner, Result
from support.small_registry import registered
from support.torch_twins import PYRAMID_CFG, pyramid_twin, save_pickled

from darknet_py.cli.main import main


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The working folder, with net.cfg, net.pt and the named network `demo`."""
    monkeypatch.setenv("DARKNET_PY_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    work = tmp_path / "work"
    work.mkdir()
    (work / "net.cfg").write_text(PYRAMID_CFG)
    torch.manual_seed(1)
    save_pickled(pyramid_twin(), work / "net.pt")
    monkeypatch.chdir(work)
    with registered("demo", tmp_path, monkeypatch):
        yield work


def convert(words: str) -> Result:
    return CliRunner().invoke(main, ["convert", *words.split()])


SPELLINGS = [
    "net.cfg net.pt out.weights",
    "net.pt out.weights net.cfg",
    "net.pt out.weights --cfg net.cfg",
    "net.cfg net.pt -o out.weights",
]


@pytest.mark.parametrize("words", SPELLINGS)
def test_spellings(words: str, folder: Path) -> None:
    result = convert(words)
    assert result.exit_code == 0 and result.stderr == ""
    assert result.stdout == "out.weights: 10634 values of all layers, from a PyTorch checkpoint\n"
    assert (folder / "out.weights").stat().st_size == 20 + 4 * 10634


def test_round_trips_and_verify(folder: Path) -> None:
    pytest.importorskip("safetensors.torch", reason="needs pip install safetensors")
    assert convert("net.cfg net.pt a.weights").exit_code == 0
    first = (folder / "a.weights").read_bytes()
    for form in ("b.pt", "c.pt --form network", "d.pth --form darknet-cfg", "e.safetensors"):
        result = convert(f"net.cfg a.weights {form} --verify")
        assert result.exit_code == 0, result.output
        assert "a.weights: a .weights file, which holds no program of its own" in result.stdout
        own = "its own forward pass beside the network's: largest difference " in result.stdout
        assert own == (form in ("b.pt", "d.pth --form darknet-cfg"))
        assert "its tensors read again: largest difference 0 of values up to" in result.stdout
        assert convert(f"net.cfg {form.split()[0]} back.weights").exit_code == 0
        assert (folder / "back.weights").read_bytes() == first


def test_names_stand_for_cfg_and_input(folder: Path) -> None:
    pytest.importorskip("safetensors.torch", reason="needs pip install safetensors")
    assert convert("demo a.safetensors").exit_code == 0
    assert convert("demo a.safetensors a.weights").exit_code == 0
    assert convert("demo a.weights -o b.pt").exit_code == 0
    assert {"a.safetensors", "a.weights", "b.pt"} <= set(os.listdir(folder))


def test_a_difference_is_exit_code_1(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("darknet_py.checkpoints.verifying.BOUND", 1e-30)
    result = convert("net.cfg net.pt out.weights --verify")
    assert result.exit_code == 1 and "net.pt: its own forward pass" in result.stderr


REFUSED = [
    ("net.pt out.weights", 2, "expected CFG IN OUT"),
    ("net.cfg net.pt", 2, "expected CFG IN OUT"),
    ("net.cfg a net.pt out.weights", 2, "expected CFG IN OUT"),
    ("net.cfg net.pt out.bin", 1, "out.bin: ends in none of .weights, .backup, .safetensors"),
    ("net.cfg net.pt out.weights --form yolov7", 1, "--form is for .pt and .pth files"),
    ("net.cfg none.pt out.weights", 1, "none.pt: no such file; check the path"),
    ("net.cfg net.pt none/out.weights", 1, "the folder none does not exist"),
    ("net.pt out.weights --repair --verify", 2, "--repair stands alone"),
    ("net.pt out.weights --repair", 1, "is a zip archive"),
]


@pytest.mark.parametrize(("words", "code", "message"), REFUSED)
def test_refusals(words: str, code: int, message: str, folder: Path) -> None:
    before = sorted(os.listdir(folder))
    result = convert(words)
    assert result.exit_code == code and message in result.stderr
    assert "Traceback" not in result.output and sorted(os.listdir(folder)) == before


def test_repair(folder: Path) -> None:
    assert convert("net.cfg net.pt good.weights").exit_code == 0
    weights = (folder / "good.weights").read_bytes()[20:]
    (folder / "bad.weights").write_bytes(bytes(12) + b"\7" + bytes(7) + weights)
    result = convert("--repair bad.weights out.weights")
    what = "the weights of bad.weights behind a header of version 0.2.5, 7 images seen"
    assert result.stdout == f"out.weights: {what}\n"
    assert convert("net.cfg out.weights again.weights").exit_code == 0
    assert (folder / "again.weights").read_bytes()[20:] == weights
    assert convert("--repair bad.weights out.weights --cfg net.cfg").exit_code == 0
