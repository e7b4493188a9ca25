"""Errors of the system, of encodings and of memory are one line with a cure; bugs are none."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result

from darknet_py.cli import main as program
from darknet_py.cli.command_table import COMMANDS, Command
from darknet_py.cli.error_lines import line_of
from darknet_py.cli.main import main
from darknet_py.errors import CfgError

SMALLER = "take smaller images, a smaller network or batch"


def raised(act: Callable[[], object]) -> BaseException:
    with pytest.raises(Exception) as caught:  # noqa: PT011 - what is raised is what is looked at
        act()
    return caught.value


@pytest.mark.parametrize(
    ("error", "line"),
    [
        (CfgError("is no cfg"), "is no cfg"),
        (OSError(errno.ENAMETOOLONG, "File name too long", "x"), "x: File name too long; give a"),
        (OSError(errno.ENOSPC, "No space left"), "reading or writing: No space left; make room"),
        (OSError(errno.EMFILE, "Too many open files", "x"), "x: Too many open files; allow more"),
        (OSError(errno.ELOOP, "Too many levels", b"x"), "x: Too many levels; its links lead in a"),
        (OSError(errno.EACCES, "Permission denied", "x"), "x: Permission denied; look at the"),
        (OSError("without a number"), "reading or writing: without a number"),
        (OSError(errno.EIO, "Bad", "n" * 5000), f"{'n' * 200}...: Bad"),
        (MemoryError(), f"there is not enough memory; {SMALLER}"),
        (MemoryError("Unable to\nx"), f"there is not enough memory (Unable to); {SMALLER}"),
        (RuntimeError("std::bad_alloc"), f"there is not enough memory (std::bad_alloc); {SMALLER}"),
        (RuntimeError("CUDA out of memory. x"), "there is not enough memory (CUDA out of memory"),
        (raised(lambda: os.listdir("a\0b")), "a path holds a null byte; check the lists"),
        (raised("\udcff".encode), "'\\udcff' is no text in the encoding utf-8"),
        (raised(lambda: "naïve".encode("ascii")), "'\\xefve' is no text in the encoding ascii"),
        (raised(b"\xff".decode), "b'\\xff' is no text in the encoding utf-8 (invalid start byte)"),
    ],
)
def test_what_is_said(error: BaseException, line: str) -> None:
    said = line_of(error)
    assert said is not None and said.startswith(line)
    assert "\n" not in said and len(said) < 500


@pytest.mark.parametrize(
    "bug", [ZeroDivisionError("x"), ValueError("x"), KeyError("x"), RuntimeError("x"), TypeError()]
)
def test_a_bug_is_no_line(bug: BaseException) -> None:
    assert line_of(bug) is None


@click.command()
def full() -> None:
    raise OSError(errno.ENOSPC, "No space left on device", "a.weights")


@click.command()
def ends() -> None:
    raise SystemExit(3)


@pytest.fixture
def table(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = {name: Command(f"{__name__}:{name}", "") for name in ("full", "ends")}
    monkeypatch.setattr(program, "COMMANDS", rows)


def run(*words: str) -> Result:
    return CliRunner().invoke(main, list(words))


@pytest.mark.usefixtures("table")
def test_an_error_of_the_system_is_one_line_and_code_1() -> None:
    result = run("full")
    line = "a.weights: No space left on device; make room, or write somewhere else"
    assert (result.exit_code, result.stderr) == (1, f"darknet-py: error: {line}\n")
    assert isinstance(run("full", "--debug").exception, OSError)
    assert run("ends").exit_code == 3


LONG = "n" * 300
ODD = {
    "too long": LONG,
    "too long below": f"{LONG}/a",
    "nobody's home": "~nosuchuser/a",
    "the root": "/",
    "a folder": "folder",
    "below a file": "file/a",
    "a circle of links": "loop",
    "below a circle": "loop/a",
    "not UTF-8": "\udcff",
    "null": "a\0b",
    "empty": "",
    "blank": " ",
    "a device": "/dev/null",
}
FILES = {
    "a.data": "classes=1\ntrain={0}\nvalid={0}\nnames={0}\nlabels={0}\nbackup={0}\n",
    "b.data": "classes=1\ntrain=list.txt\nvalid=list.txt\nnames=list.txt\nresults={0}\n",
    "list.txt": "{0}\n",
}
NETWORK = "[net]\nwidth=32\nheight=32\nchannels=3\nmax_batches=1\n{layers}"
HEAD = "[convolutional]\nfilters=6\n[yolo]\nmask=0\nanchors=4,4\nnum=1\nclasses=1\n"
OPTIONS: dict[str, tuple[str, ...]] = {
    "benchmark": ("--runs", "1", "--seconds", "0.01"),
    "data shapes": ("--images", "1", "--width", "64", "--height", "64"),
    "detector calc_anchors": ("-num_of_clusters", "1", "-width", "32", "-height", "32"),
}


@pytest.fixture
def odd_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").write_text("x")
    (tmp_path / "loop").symlink_to("loop")
    (tmp_path / "a.cfg").write_text(NETWORK.format(layers=HEAD))
    yield tmp_path


def odd_lines(words: str, odd: str) -> Iterator[list[str]]:
    """The odd word in each of the command's places, the others filled with files that are there."""
    for known in (("a.cfg", "file", "file"), ("a.data", "a.cfg", "file")):
        for place in range(3):
            filled = [*known[:place], odd, *known[place + 1 :]]
            yield [*words.split(), *OPTIONS.get(words, ()), *filled]
    yield [*words.split(), "a.cfg", odd, *OPTIONS.get(words, ())]
    yield [*words.split(), "b.data", "a.cfg", *OPTIONS.get(words, ())]
    yield [*words.split(), "list.txt", *OPTIONS.get(words, ())]
    yield [*words.split(), odd, *OPTIONS.get(words, ())]


@pytest.mark.parametrize("odd", ODD)
@pytest.mark.parametrize("words", sorted(set(COMMANDS) - {"doctor"}))
def test_odd_paths_in_every_command(words: str, odd: str, odd_folder: Path) -> None:
    """One line, no traceback; nothing is asked of the network before its files are looked at."""
    for name, text in FILES.items():
        content = text.format(ODD[odd]).encode("utf-8", "surrogateescape")
        (odd_folder / name).write_bytes(content)
    for line in odd_lines(words, ODD[odd]):
        result = run(*line)
        assert isinstance(result.exception, (SystemExit, type(None))), (line, result.exc_info)
        assert "Traceback" not in result.stderr
        assert result.exit_code in (0, 1, 2), line
        if result.exit_code:
            assert (result.stdout + result.stderr).strip(), line


def test_too_many_open_files(odd_folder: Path) -> None:
    resource = pytest.importorskip("resource")
    assert run("summary", "a.cfg").exit_code == 0
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (3, before[1]))
    try:
        result = run("summary", "a.cfg")
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)
    line = "darknet-py: error: a.cfg: cannot be read: Too many open files\n"
    assert (result.exit_code, result.stderr) == (1, line)


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="Linux has it")
def test_a_full_device_as_a_result_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    cfg = tmp_path / "a.cfg"
    cfg.write_text(NETWORK.format(layers=HEAD))
    (tmp_path / "a.data").write_text("classes=1\n")
    result = run("check", str(cfg), "a.data", "--report", "/dev/full")
    assert result.exit_code == 1 and result.stderr.count("\n") == 1
    assert os.path.exists("/dev/full") and not os.path.isfile("/dev/full")
