"""What a cache is found like after a crash: damaged files, abandoned folders, two at once."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from support.phone_network import need_compiler

from darknet_py.engines import cache, cache_folder
from darknet_py.files.replacing import LOCK, MAKING

KEY = "0" * 32
CONTENT = bytes(range(256)) * 40
DAMAGE = {
    "empty": b"",
    "truncated": CONTENT[:5000],
    "one byte": CONTENT[:5000] + b"\0" + CONTENT[5001:],
    "random": os.urandom(len(CONTENT)),
    "longer": CONTENT + b"x",
}
BUILD = """
import sys, time
from darknet_py.engines import cache
def make(path):
    path.write_bytes({content!r})
    print("making", flush=True)
    sys.stdin.readline()
print(cache.kept("0" * 32, ".so", make), flush=True)
"""
LIBRARY = """
from darknet_py.engines.native.library import library
print(library().lanes() in (4, 8, 16))
"""


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv(cache_folder.FOLDER_VARIABLE, str(tmp_path / "kept"))
    return tmp_path / "kept"


def write(path: Path) -> None:
    path.write_bytes(CONTENT)


@pytest.mark.parametrize("damage", DAMAGE)
@pytest.mark.parametrize("suffix", [".so", ".pt2", ".blob", ".onnx"])
def test_a_damaged_file_is_made_again(home: Path, suffix: str, damage: str) -> None:
    path = cache.kept(KEY, suffix, write)
    path.write_bytes(DAMAGE[damage])
    again = cache.kept(KEY, suffix, write)
    assert again == path and again.read_bytes() == CONTENT
    assert os.listdir(home) == [path.name]


def test_a_damaged_file_is_not_left_beside_what_is_made_anew(home: Path) -> None:
    """Compilers need not write the same bytes twice."""
    path = cache.kept(KEY, ".so", write)
    path.write_bytes(b"damaged")
    again = cache.kept(KEY, ".so", lambda path: path.write_bytes(b"other"))
    assert again != path and os.listdir(home) == [again.name]


def folder_made(home: Path, name: str, seconds_ago: float, locked: bool = True) -> Path:
    folder = home / f"{MAKING}{name}"
    folder.mkdir(parents=True)
    (folder / "part.so").write_bytes(b"part")
    if locked:
        (folder / LOCK).touch()
    then = time.time() - seconds_ago
    os.utime(folder, (then, then))
    return folder


def test_abandoned_folders_go(home: Path) -> None:
    cache_folder.private_folder()
    folder_made(home, "killed", 120)
    folder_made(home, "of-an-older-version", 7 * 3600, locked=False)
    young = {folder_made(home, "just-now", 0), folder_made(home, "no-lock-yet", 120, locked=False)}
    path = cache.kept(KEY, ".so", write)
    assert set(home.iterdir()) == {path, *young}


def test_a_folder_in_which_something_is_being_made_stays(home: Path) -> None:
    """Also for hours; a process that was killed gives its lock back."""
    code = BUILD.format(content=CONTENT)
    command = [sys.executable, "-c", code]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with subprocess.Popen(command, **pipes) as process:  # type: ignore[call-overload]
        assert process.stdout.readline() == "making\n"
        (folder,) = home.glob(f"{MAKING}*")
        os.utime(folder, (1, 1))
        other = cache.kept("1" * 32, ".so", write)
        assert folder.exists()
        process.kill()
    path = cache.kept(KEY, ".so", write)
    assert set(home.iterdir()) == {other, path}


@pytest.mark.slow
def test_two_processes_that_make_the_same_at_once(home: Path) -> None:
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    contents = (CONTENT, b"the same, as another compiler writes it")
    started = [
        subprocess.Popen([sys.executable, "-c", BUILD.format(content=content)], **pipes)  # type: ignore[call-overload]
        for content in contents
    ]
    assert [process.stdout.readline() for process in started] == ["making\n"] * 2
    assert len(list(home.glob(f"{MAKING}*"))) == 2
    said = [process.communicate("\n", timeout=60)[0] for process in started]
    assert [process.returncode for process in started] == [0, 0]
    assert all(Path(path.strip()).read_bytes() in contents for path in said)
    assert cache.kept(KEY, ".so", write) in [Path(path.strip()) for path in said]
    assert list(home.glob(f"{MAKING}*")) == []


@pytest.mark.slow
def test_a_library_that_two_processes_build_and_that_are_then_damaged(home: Path) -> None:
    need_compiler()
    command = [sys.executable, "-c", LIBRARY]
    started = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    assert [process.communicate()[0] for process in started] == ["True\n"] * 2
    for path in home.glob("*.so"):
        path.write_bytes(path.read_bytes()[:5000])  # to load it would be a bus error
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (run.returncode, run.stdout) == (0, "True\n"), run.stderr
    (whole,) = home.glob("*.so")
    assert whole.stat().st_size > 5000 and list(home.glob(f"{MAKING}*")) == []
