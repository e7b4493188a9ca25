"""Lines as people write them for Darknet, on stand-ins for their files; see command_lines.txt."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from pathlib import Path

import cv2
import pytest
from click.testing import CliRunner, Result
from support import stand_ins

from darknet_py.cli.main import main
from darknet_py.train.tasks import image_task

HERE = Path(__file__).resolve().parent


@dataclass(frozen=True)
class Line:
    """A line of the file: what is expected, the program's words, the file it reads from."""

    expected: str
    words: tuple[str, ...]
    stdin: str = ""


def read_lines(text: str) -> list[Line]:
    """With `< FILE` as stdin; where the output goes to is no part of a line."""
    lines = []
    for row in text.splitlines():
        if row and not row.startswith("#"):
            expected, *words = shlex.split(row)
            words = words[: words.index(">")] if ">" in words else words
            place = words.index("<") if "<" in words else len(words)
            lines.append(Line(expected, tuple(words[:place]), "".join(words[place + 1 :])))
    return lines


LINES = read_lines((HERE / "command_lines.txt").read_text())


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(image_task, "_workers", lambda options, device: 0)


def run(line: Line) -> Result:
    stand_ins.put(Path.cwd(), line.words, line.stdin)
    stdin = Path(line.stdin).read_text() if line.stdin else ""
    return CliRunner().invoke(main, list(line.words), input=stdin)


def of_kind(*kinds: str) -> pytest.MarkDecorator:
    chosen = [line for line in LINES if line.expected in kinds]
    return pytest.mark.parametrize("line", chosen, ids=lambda line: " ".join(line.words)[:90])


def test_there_are_enough_of_them() -> None:
    assert len({line.words for line in LINES}) >= 40
    assert {line.expected for line in LINES} == {"runs", "warns", "dead", "camera"}


@of_kind("runs", "warns")
def test_it_runs(line: Line) -> None:
    result = run(line)
    assert result.exit_code == 0, result.output
    assert ("unknown option" in result.stderr) == (line.expected == "warns")


@of_kind("dead")
def test_it_says_what_it_was(line: Line) -> None:
    result = run(line)
    assert (result.exit_code, result.stderr.count("\n")) == (1, 1)
    assert "is no command any more" in result.stderr


@of_kind("camera")
def test_a_camera_that_is_not_there_is_named(line: Line, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cv2.VideoCapture, "isOpened", lambda self: False)
    result = run(line)
    assert result.exit_code == 1
    (error,) = [row for row in result.stderr.splitlines() if "error" in row]
    assert error.startswith("darknet-py: error: camera 0 cannot be opened")


def test_gpus_of_a_machine_without_cuda() -> None:
    words = "detector train a.data a.cfg a.weights -dont_show -mjpeg_port 8090 -map -gpus 0"
    result = run(Line("runs", tuple(words.split())))
    assert result.exit_code == 0
    assert "-gpus 0: this torch sees no CUDA device, training on the CPU" in result.stderr


@pytest.mark.parametrize(
    "words",
    [
        ("map", "a.data", "a.cfg"),
        ("detector", "test", "a.data", "a.cfg", "", "dog.jpg"),
        ("detector", "recall", "a.data", "a.cfg"),
        ("detect", "a.cfg"),
        ("classifier", "valid", "a.data", "a.cfg"),
        ("classifier", "predict", "a.data", "a.cfg", "", "dog.jpg"),
        ("rnn", "generate", "a.cfg", "-len", "5", "-srand", "1"),
    ],
)
def test_weights_left_out_are_random_ones_and_the_same_each_time(words: tuple[str, ...]) -> None:
    first, again = run(Line("runs", words)), run(Line("runs", words))
    assert first.exit_code == 0, first.output
    assert "a.cfg: no WEIGHTS given (seed 0); layers " in first.stderr
    assert untimed(first) == untimed(again)


def untimed(result: Result) -> list[str]:
    return [line for line in result.stdout.splitlines() if "Predicted in" not in line]


def test_an_image_in_the_place_of_weights_is_named() -> None:
    result = run(Line("", ("detector", "test", "a.data", "a.cfg", "dog.jpg")))
    assert result.exit_code == 1
    assert "dog.jpg: is a JPEG image, not weights" in result.stderr


def test_h_is_help_and_with_a_number_the_height_of_videos() -> None:
    for words in (["-h"], ["detector", "-h"], ["detector", "test", "-h"], ["summary", "-h"]):
        result = CliRunner().invoke(main, words)
        assert result.exit_code == 0 and result.stdout.startswith("Usage: darknet-py")
    shown = CliRunner().invoke(main, ["detector", "map", "-h", "480", "--help"])
    assert shown.exit_code == 0 and "-h: no effect: only videos" in shown.stderr
    shown = CliRunner().invoke(main, ["detector", "demo", "-h", "480", "--help"])
    assert shown.exit_code == 0 and shown.stderr == ""
