"""Files appear whole or not at all, and nothing in the package writes any other way."""

from __future__ import annotations

import ast
import os
import stat
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from darknet_py import files
from darknet_py.errors import OutputError
from darknet_py.files import (
    GrowingFile,
    append,
    encoded,
    exclusive,
    growing_file,
    is_device,
    replacing,
    replacing_path,
    require_writable,
    take_name,
)
from darknet_py.images.draw import save_image

PACKAGE = Path(files.__file__).parents[1]


@pytest.fixture
def steps(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What was asked of the system, in order."""
    made: list[str] = []
    for name in ("fsync", "replace"):
        real = getattr(os, name)

        def step(*values: object, name: str = name, real: object = real) -> object:
            made.append(name)
            return real(*values)  # type: ignore[operator]

        monkeypatch.setattr(os, name, step)
    return made


def test_the_name_is_taken_when_all_is_on_the_disk(tmp_path: Path, steps: list[str]) -> None:
    target = tmp_path / "a.txt"
    target.write_text("old")
    with replacing(target) as file:
        file.write(b"new")
        assert target.read_text() == "old" and steps == []
        (beside,) = set(tmp_path.iterdir()) - {target}
        assert beside.name.startswith(".a.txt.")
    assert target.read_text() == "new"
    assert steps == ["fsync", "replace"]
    assert list(tmp_path.iterdir()) == [target]


def test_what_can_be_made_again_is_not_waited_for(tmp_path: Path, steps: list[str]) -> None:
    with replacing(tmp_path / "a.txt", durable=False) as file:
        file.write(b"x")
    save_image(tmp_path / "a.png", np.zeros((2, 2, 3), np.uint8))
    assert steps == ["replace", "replace"]


@pytest.mark.parametrize("failure", [RuntimeError("no"), KeyboardInterrupt()])
def test_the_old_file_stays_when_writing_fails(tmp_path: Path, failure: BaseException) -> None:
    target = tmp_path / "a.txt"
    target.write_text("old")
    with pytest.raises(type(failure)), replacing(target) as file:
        file.write(b"half")
        raise failure
    with pytest.raises(type(failure)), replacing_path(target) as made:
        made.write_text("half")
        raise failure
    assert target.read_text() == "old"
    assert list(tmp_path.iterdir()) == [target]


def test_a_full_disk_is_named(tmp_path: Path) -> None:
    target = tmp_path / "a.txt"
    with pytest.raises(OutputError, match=r"a\.txt: cannot be written: No space left"):  # noqa: SIM117
        with replacing(target):
            raise OSError(28, "No space left on device")
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    target = tmp_path / "none" / "a.txt"
    expected = r"a\.txt: cannot be written: No such file"
    with pytest.raises(OutputError, match=expected), replacing(target):
        raise AssertionError("the body must not run")
    with pytest.raises(OutputError, match=expected):
        append(target, b"x")
    with pytest.raises(OutputError, match="does not exist; create it first"):
        require_writable(target)
    with pytest.raises(OutputError, match="is a directory"):
        require_writable(tmp_path)


def test_files_have_the_rights_that_new_files_have(tmp_path: Path) -> None:
    before = os.umask(0o027)
    try:
        with replacing(tmp_path / "a.txt") as file:
            file.write(b"x")
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "a.txt").stat().st_mode) == 0o640


def test_writers_that_take_a_path(tmp_path: Path, steps: list[str]) -> None:
    """What they write beside it goes."""
    target = tmp_path / "a.so"
    with replacing_path(target) as made:
        assert made.name == "a.so" and made.parent.parent == tmp_path
        made.write_bytes(b"code")
        made.with_name("rest.o").write_bytes(b"x")
    assert target.read_bytes() == b"code"
    assert steps == ["fsync", "replace"]
    assert list(tmp_path.iterdir()) == [target]


def test_nothing_written_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError), replacing_path(tmp_path / "a.so"):
        pass
    assert list(tmp_path.iterdir()) == []


def test_a_log_grows(tmp_path: Path) -> None:
    append(tmp_path / "log.csv", b"1\n")
    append(tmp_path / "log.csv", b"2\n")
    assert (tmp_path / "log.csv").read_bytes() == b"1\n2\n"


@pytest.mark.parametrize("length", [200, 240, 255])
def test_names_as_long_as_names_may_be(tmp_path: Path, length: int) -> None:
    for name in ("n" * length, "é" * (length // 2)):
        require_writable(tmp_path / name)
        with replacing(tmp_path / name) as file:
            file.write(b"x")
        assert (tmp_path / name).read_bytes() == b"x"


@pytest.mark.parametrize("name", ["n" * 256, "a\0b", "/", "file/a", "loop/a"])
def test_names_that_no_file_can_have(tmp_path: Path, name: str) -> None:
    """They are refused before any work is done, and by the writer itself."""
    (tmp_path / "file").write_text("")
    (tmp_path / "loop").symlink_to("loop")
    with pytest.raises(OutputError):
        require_writable(tmp_path / name)
    with pytest.raises(OutputError), replacing(tmp_path / name):
        raise AssertionError("the body must not run")
    assert {path.name for path in tmp_path.iterdir()} == {"file", "loop"}


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="Windows has none")
def test_devices_and_pipes_are_written_to_and_stay(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    require_writable(pipe)
    with replacing(pipe, durable=True) as file:
        file.write(b"x")
    assert os.read(reader, 9) == b"x" and pipe.is_fifo()
    os.close(reader)
    assert list(tmp_path.iterdir()) == [pipe]
    for name in ("/dev/null", "/dev/stdout", "/dev/fd/1", "/proc/self/fd/1"):
        assert is_device(Path(name))
    for path in (tmp_path, tmp_path / "none", Path(__file__), Path("/dev/shm/a")):
        assert not is_device(path)
    with replacing(Path(os.devnull)) as file:
        file.write(b"x")
    assert not Path(os.devnull).is_file()


def test_names_that_are_not_utf8_are_written_as_they_are() -> None:
    assert encoded("stra\udcdfe é") == b"stra\xdfe \xc3\xa9"


WRITERS = {"write_text", "write_bytes", "imwrite", "mkstemp", "NamedTemporaryFile", "tofile"} | {
    "VideoWriter"
}
RENAMERS = {"os.replace", "os.rename", "shutil.move", "shutil.copy", "shutil.copyfile"}
MODES = set("wax+")
ALLOWED = {
    "files/replacing.py": "one of the writers",
    "files/growing_file.py": "one of the writers",
    "files/folders.py": "one of the writers",
    "files/locks.py": "makes the files that are locks",
    "engines/auto_engine.py": "writes where the cache says, which replaces a file",
    "engines/fixed_batch.py": "writes where the cache says, which replaces a file",
    "engines/int8.py": "writes where the cache says, which replaces a file",
    "engines/native/stored_program.py": "writes where the cache says, which replaces a file",
    "engines/openvino_engine.py": "writes where the cache says, which replaces a file",
    "video/encoder.py": "OpenCV writes to a pipe, or where its caller replaces a file",
    "cli/log_copy.py": "a log that grows with what is printed",
    "benchmark/peak_memory.py": "tells Linux something by a file of /proc",
}


def test_every_other_writer_uses_these() -> None:
    actual = {
        os.fspath(path.relative_to(PACKAGE))
        for path in PACKAGE.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call) and any(_writes(node))
    }
    assert actual == set(ALLOWED)


def _writes(call: ast.Call) -> Iterator[bool]:
    name = ast.unparse(call.func)
    last = name.rpartition(".")[2]
    yield last in WRITERS or name in RENAMERS
    if last in ("open", "fdopen"):
        given = [*call.args, *(word.value for word in call.keywords if word.arg == "mode")]
        texts = [value.value for value in given if isinstance(value, ast.Constant)]
        yield any(isinstance(text, str) and len(text) < 4 and set(text) & MODES for text in texts)


def test_a_log_keeps_whole_lines_when_the_disk_fills_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "log"
    append(path, b"one\n")

    def some(file: Any, data: bytes) -> None:
        file.write(data[:2])
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(growing_file, "write_all", some)
    with pytest.raises(OutputError, match="log: cannot be written: No space left on device"):
        append(path, b"two\n")
    monkeypatch.undo()
    append(path, b"three\n")
    assert path.read_bytes() == b"one\nthree\n"


def test_a_growing_file_takes_the_name_when_it_is_worth_it(tmp_path: Path) -> None:
    target = tmp_path / "a.bin"
    target.write_text("old")
    file = GrowingFile(target)
    file.write(b"head")
    assert target.read_text() == "old" and not file.named
    file.take_name()
    assert target.read_bytes() == b"head" and os.listdir(tmp_path) == ["a.bin"]
    file.write(b", one]")
    file.write(b", two]", over=b"]")
    file.patch(0, b"HE")
    file.write(b".")
    assert target.read_bytes() == b"HEad, one, two]." and file.size == 16
    file.close()
    file.close()
    assert target.read_bytes() == b"HEad, one, two]."


def test_a_growing_file_that_came_to_nothing_leaves_no_trace(tmp_path: Path) -> None:
    target = tmp_path / "a.bin"
    target.write_text("old")
    file = GrowingFile(target)
    file.write(b"head")
    file.close()
    assert target.read_text() == "old" and os.listdir(tmp_path) == ["a.bin"]
    with pytest.raises(OutputError, match="cannot be written: No such file"):
        GrowingFile(tmp_path / "none" / "a.bin")


def test_where_open_files_cannot_be_renamed_it_is_done_at_the_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(growing_file, "RENAMES_OPEN_FILES", False)
    target = tmp_path / "a.bin"
    file = GrowingFile(target)
    file.write(b"x")
    file.take_name()
    assert not target.exists()
    file.close()
    assert target.read_bytes() == b"x" and os.listdir(tmp_path) == ["a.bin"]


def test_a_growing_file_on_a_full_disk_is_as_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = tmp_path / "a.bin"
    file = GrowingFile(target)
    file.write(b"one]")
    file.take_name()
    write = growing_file.write_all

    def some(opened: Any, data: bytes) -> None:
        write(opened, data[:2])
        if data != b"]":
            raise OSError(28, "No space left on device")

    monkeypatch.setattr(growing_file, "write_all", some)
    with pytest.raises(OutputError, match=r"a\.bin: cannot be written: No space left on device"):
        file.write(b", two]", over=b"]")
    assert target.read_bytes() == b"one]"
    monkeypatch.undo()
    file.write(b", three]", over=b"]")
    file.close()
    assert target.read_bytes() == b"one, three]"


def test_one_at_a_time_is_inside(tmp_path: Path) -> None:
    order: list[str] = []

    def second() -> None:
        with exclusive(tmp_path / "lock", lambda: order.append("waits")):
            order.append("second")

    thread = threading.Thread(target=second)
    with exclusive(tmp_path / "lock", lambda: order.append("never")):
        thread.start()
        while not order:
            thread.join(0.01)
        order.append("first")
    thread.join()
    assert order == ["waits", "first", "second"]
    with pytest.raises(OutputError, match="lock: cannot be written: No such file"):  # noqa: SIM117
        with exclusive(tmp_path / "none" / "lock", order.clear):
            raise AssertionError("the body must not run")


def test_a_part_takes_its_name(tmp_path: Path, steps: list[str]) -> None:
    (tmp_path / "a").write_text("old")
    append(tmp_path / "a.part", b"new")
    take_name(tmp_path / "a.part", tmp_path / "a")
    assert (tmp_path / "a").read_bytes() == b"new" and os.listdir(tmp_path) == ["a"]
    assert steps == ["fsync", "replace"]
    with pytest.raises(OutputError, match="a: cannot be written: No such file"):
        take_name(tmp_path / "a.part", tmp_path / "a")


def test_a_folder_appears_when_all_in_it_is_written(tmp_path: Path) -> None:
    target = tmp_path / "a" / "b"
    with files.new_folder(target) as making:
        (making / "x").write_text("1")
        assert not target.exists() and making.parent == target.parent
    assert [path.name for path in target.parent.iterdir()] == ["b"]
    assert (target / "x").read_text() == "1"
    with pytest.raises(OutputError, match="b: is there already; name a new folder, or remove it"):
        files.new_folder(target).__enter__()
    with pytest.raises(OutputError, match="x: is there already"):
        files.new_folder(target / "x").__enter__()
    with pytest.raises(OutputError, match="y: cannot be made: "):
        files.new_folder(target / "x" / "y").__enter__()


def test_a_folder_that_fails_leaves_no_trace(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    for name in ("new", "empty"):
        with pytest.raises(KeyboardInterrupt), files.new_folder(tmp_path / name) as making:
            (making / "x").write_text("1")
            raise KeyboardInterrupt
    assert [path.name for path in tmp_path.iterdir()] == ["empty"]
    with files.new_folder(tmp_path / "empty") as making:
        (making / "x").write_text("1")
    assert (tmp_path / "empty" / "x").exists()


def test_a_folder_that_another_has_made_meanwhile_stays(tmp_path: Path) -> None:
    target = tmp_path / "a"
    with pytest.raises(OutputError, match="a: cannot be made: "), files.new_folder(target):
        target.mkdir()
        (target / "other").write_text("1")
    assert [path.name for path in tmp_path.rglob("*")] == ["a", "other"]


def test_files_at_a_second_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("a").write_text("1")
    Path("in").mkdir()
    for how, place in files.PLACE_BY.items():
        place(Path("a"), Path("in") / how)
    Path("a").write_text("2")
    assert [Path("in", name).read_text() for name in ("copy", "link")] == ["1", "2"]
    with pytest.raises(OutputError, match="none: cannot be copied: No such file"):
        files.PLACE_BY["copy"](Path("none"), Path("b"))
    with pytest.raises(OutputError, match=r"in/link: cannot be a link: File exists; copy it"):
        files.PLACE_BY["link"](Path("a"), Path("in/link"))
    assert not Path("b").exists()
