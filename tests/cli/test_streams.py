"""stdin, stdout and stderr that are closed, full or of another encoding; names that are no UTF-8.

Each case is a process of its own, run by a shell as a user would.
"""

from __future__ import annotations

import errno
import io
import json
import logging
import os
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

from darknet_py import Network
from darknet_py.cli.main import _exit_code
from darknet_py.cli.messages import messages_shown
from darknet_py.cli.streams import discard_unwritten, raw_or_escaped
from darknet_py.errors import DarknetError

CFG = """[net]
width=32
height=32
channels=3
[convolutional]
filters=6
[yolo]
mask=0
anchors=4,4
num=1
classes=1
"""
PROGRAM = f"{sys.executable} -m darknet_py"
FULL = "darknet-py: error: reading or writing: No space left on device; make room, or write "
NO_UTF8 = {"PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
PACKAGE = Path(__file__).resolve().parent.parent.parent
needs_shell = pytest.mark.skipif(not os.path.exists("/dev/full"), reason="Linux has it")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """net.cfg, net.weights that find an object everywhere, its name, an image named so too."""
    home = tmp_path_factory.mktemp("streams")
    (home / "net.cfg").write_text(CFG)
    network = Network.from_cfg(home / "net.cfg")
    network.layers[0].biases.data[:] = 5
    network.save_weights(home / "net.weights")
    (home / "net.names").write_bytes("Straßenschild\n".encode())
    found, data = cv2.imencode(".png", np.zeros((8, 8, 3), np.uint8))
    assert found
    for name in (b"a.png", b"stra\xdfe.png"):
        Path(os.fsdecode(bytes(home) + b"/" + name)).write_bytes(data.tobytes())
    (home / "list.txt").write_bytes(b"stra\xdfe.png\n")
    return home


def shell(folder: Path, line: str, **environment: str) -> tuple[int, bytes, bytes]:
    """Exit code, stdout and stderr of a line in which `darknet` is the program."""
    there = os.environ | {"PYTHONPATH": str(PACKAGE), "OMP_NUM_THREADS": "1"} | environment
    command = line.replace("darknet", PROGRAM, 1)
    run = subprocess.run(
        ["sh", "-c", command], cwd=folder, env=there, capture_output=True, check=False
    )
    return run.returncode, run.stdout, run.stderr


@needs_shell
@pytest.mark.parametrize(
    ("line", "code", "error"),
    [
        ("darknet summary net.cfg > /dev/full", 1, FULL),
        ("darknet check net.cfg --json > /dev/full", 1, FULL),
        ("darknet --version > /dev/full", 1, FULL),
        ("darknet summary none.cfg 2> /dev/full", 1, ""),
        ("darknet summary net.cfg >&-", 0, ""),
        ("darknet summary none.cfg 2>&-", 1, ""),
        ("darknet summary none.cfg >&- 2>&-", 1, ""),
        ("darknet check net.cfg > /dev/full 2> /dev/full", 1, ""),
    ],
)
def test_streams_that_cannot_be_written(folder: Path, line: str, code: int, error: str) -> None:
    found, _, stderr = shell(folder, line)
    assert found == code, stderr
    assert stderr.startswith(error.encode()) and stderr.count(b"\n") == bool(error)


@needs_shell
def test_a_network_runs_without_any_stream(folder: Path) -> None:
    """And nothing that is printed gets into the files that it writes."""
    line = "darknet detect net.cfg net.weights a.png -out closed.json --device cpu <&- >&- 2>&-"
    assert shell(folder, line)[0] == 0
    (frame,) = json.loads((folder / "closed.json").read_bytes())
    assert frame["filename"] == "a.png"
    code, stdout, _ = shell(folder, "darknet detect net.cfg net.weights --device cpu <&-")
    assert (code, stdout) == (0, b"Enter Image Path: \n")


@needs_shell
@pytest.mark.parametrize(
    ("line", "environment", "name"),
    [
        ("list.txt", {"LC_ALL": "C"}, "Straßenschild".encode()),
        ("< list.txt", {"LC_ALL": "C", **NO_UTF8}, b"Stra\\xdfenschild"),
        ("< list.txt", {"PYTHONIOENCODING": "latin-1"}, b"Stra\xdfenschild"),
    ],
)
def test_names_of_other_encodings(
    folder: Path, line: str, environment: dict[str, str], name: bytes
) -> None:
    """A file's name comes out as the bytes it has; a class's is escaped where it must be."""
    options = "-thresh .5 -out a.json -save_labels --device cpu"
    line = f"darknet detect net.cfg net.weights {line} {options}"
    code, stdout, stderr = shell(folder, line, **environment)
    assert code == 0, stderr
    assert b"stra\xdfe.png: Predicted in" in stdout
    assert name + b": " in stdout
    (frame,) = json.loads((folder / "a.json").read_bytes())
    assert os.fsencode(frame["filename"]) == b"stra\xdfe.png"
    assert frame["objects"][0]["name"] == "Straßenschild"
    assert Path(os.fsdecode(bytes(folder) + b"/stra\xdfe.txt")).exists()


def test_what_has_no_encoding() -> None:
    error = UnicodeEncodeError("ascii", "a\udcffé\ud800", 1, 4, "no")
    assert raw_or_escaped(error) == (b"\xff\\xe9\\ud800", 4)
    with pytest.raises(UnicodeDecodeError):
        raw_or_escaped(UnicodeDecodeError("utf-8", b"\xff", 0, 1, "no"))


class Full(io.StringIO):
    """Takes what is written and fails when it is to be passed on, as a buffered file does."""

    def flush(self) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")


def test_what_was_printed_is_passed_on_before_the_end(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Else Python would find out at its very end, and say so with a code and words of its own."""
    monkeypatch.setattr(sys, "stdout", Full())
    assert _exit_code(lambda: None, debug=False) == 1
    assert capsys.readouterr().err.startswith(FULL)


def test_what_cannot_be_written_is_dropped(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    with (tmp_path / "a").open("w") as file:
        full = Full()
        monkeypatch.setattr(full, "fileno", file.fileno)
        monkeypatch.setattr(sys, "stdout", full)
        discard_unwritten()
        os.write(file.fileno(), b"later")
    assert (tmp_path / "a").read_bytes() == b""


def test_a_message_that_cannot_be_written_ends_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stderr", Full())
    with messages_shown():
        logging.getLogger("darknet_py.train.loop").warning("going on")

    def refuse() -> None:
        raise DarknetError("no")

    assert _exit_code(refuse, debug=False) == 1
