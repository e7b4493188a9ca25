"""Whose the cache may be: ours alone. What is not is refused in one line that says the cure."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from darknet_py.engines import cache, cache_folder
from darknet_py.errors import OutputError

KEY = "0" * 32
needs_owners = pytest.mark.skipif(not hasattr(os, "geteuid"), reason="Windows has other rights")


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv(cache_folder.FOLDER_VARIABLE, str(tmp_path / "kept"))
    return tmp_path / "kept"


def write(path: Path) -> None:
    path.write_bytes(b"result")


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def refused() -> str:
    with pytest.raises(OutputError) as error:
        cache.kept(KEY, ".so", lambda path: pytest.fail("nothing is to be made"))
    assert "\n" not in str(error.value)
    return str(error.value)


@pytest.mark.parametrize("umask", [0, 0o002, 0o077])
def test_a_new_folder_and_its_files_are_for_their_owner(home: Path, umask: int) -> None:
    before = os.umask(umask)
    try:
        path = cache.kept(KEY, ".so", write)
    finally:
        os.umask(before)
    assert (mode(home), mode(path)) == (0o700, 0o600)
    assert cache.kept(KEY, ".so", write) == path


def test_missing_parents_are_made_for_their_owner(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(cache_folder.FOLDER_VARIABLE, raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "a" / "b"))
    assert cache_folder.private_folder() == tmp_path / "a" / "b" / "darknet-py"
    assert [mode(tmp_path / name) for name in ("a", "a/b", "a/b/darknet-py")] == [0o700] * 3


def test_a_folder_that_others_may_only_read_becomes_private(home: Path) -> None:
    home.mkdir(0o755)
    cache.kept(KEY, ".so", write)
    assert mode(home) == 0o700


@needs_owners
@pytest.mark.parametrize("rights", [0o770, 0o777, 0o1777, 0o720, 0o702])
def test_a_folder_that_others_may_write_is_refused(home: Path, rights: int) -> None:
    home.mkdir()
    home.chmod(rights)
    assert refused().startswith(f"{home}: others may write it")
    assert cache_folder.FOLDER_VARIABLE in refused()


@needs_owners
@pytest.mark.parametrize("rights", [0o666, 0o620, 0o602])
def test_a_file_that_others_may_write_is_refused(home: Path, rights: int) -> None:
    path = cache.kept(KEY, ".so", write)
    path.chmod(rights)
    assert refused().startswith(f"{path}: others may write it")


@needs_owners
def test_what_is_somebody_elses_is_refused(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, us = cache.kept(KEY, ".so", write), os.geteuid()
    monkeypatch.setattr(os, "geteuid", lambda: us + 1)
    assert refused().startswith(f"{home}: belongs to user {us}, not yours")
    monkeypatch.setattr(cache, "private_folder", lambda: home)
    assert refused().startswith(f"{path}: belongs to user {us}, not yours")


@needs_owners
def test_a_folder_above_that_others_may_write_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    open_to_all = tmp_path / "open"
    (open_to_all / "kept").mkdir(0o700, parents=True)
    open_to_all.chmod(0o777)
    (tmp_path / "link").symlink_to(open_to_all / "kept")
    for name in ("open/kept", "link"):
        monkeypatch.setenv(cache_folder.FOLDER_VARIABLE, str(tmp_path / name))
        assert refused().startswith(f"{open_to_all}: others may write it")
        assert f"`chmod go-w {open_to_all}`" in refused()
    open_to_all.chmod(0o1777)  # as /tmp: only owners may rename
    cache.kept(KEY, ".so", write)


@needs_owners
def test_a_folder_above_that_is_somebody_elses_is_refused(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home.mkdir(0o700)
    parent = home.parent.stat()
    changed = os.stat_result((parent.st_mode, 1, 1, 1, os.geteuid() + 1, 0, 0, 0, 0, 0))
    real = Path.stat

    def stat_of(path: Path, **choices: bool) -> os.stat_result:
        return changed if path == home.parent else real(path, **choices)

    monkeypatch.setattr(Path, "stat", stat_of)
    assert refused().startswith(f"{home.parent}: belongs to user {os.geteuid() + 1}, who could")


@pytest.mark.parametrize(
    "environment",
    [
        {cache_folder.FOLDER_VARIABLE: "kept"},
        {cache_folder.FOLDER_VARIABLE: "", "XDG_CACHE_HOME": "kept"},
        {cache_folder.FOLDER_VARIABLE: "", "XDG_CACHE_HOME": "", "HOME": "kept"},
    ],
)
def test_a_relative_path_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, environment: dict[str, str]
) -> None:
    monkeypatch.chdir(tmp_path)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    message = "the cache folder's path is relative; set DARKNET_PY_CACHE to an absolute path"
    assert refused() == f"{cache_folder.folder()}: {message}"
    assert list(tmp_path.iterdir()) == []


def test_a_home_that_nobody_knows_is_a_relative_path(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(cache_folder.FOLDER_VARIABLE, "")
    monkeypatch.setenv("XDG_CACHE_HOME", "")
    monkeypatch.setattr(os.path, "expanduser", lambda path: path)
    assert refused().startswith("~/.cache/darknet-py: the cache folder's path is relative")


@pytest.mark.parametrize("name", ["n" * 300, "file/kept", "loop/kept"])
def test_a_folder_that_cannot_be_made_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    (tmp_path / "file").write_text("")
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    monkeypatch.setenv(cache_folder.FOLDER_VARIABLE, str(tmp_path / name))
    assert "; set DARKNET_PY_CACHE to a folder that can be written" in refused()


def test_torchs_compiler_keeps_its_code_there_too(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its default is a name in /tmp that anybody may make first."""
    monkeypatch.setenv(cache_folder.INDUCTOR_VARIABLE, "")
    cache_folder.keep_inductor_private()
    assert os.environ[cache_folder.INDUCTOR_VARIABLE] == str(home / "inductor")
    monkeypatch.setenv(cache_folder.INDUCTOR_VARIABLE, "chosen")
    cache_folder.keep_inductor_private()
    assert os.environ[cache_folder.INDUCTOR_VARIABLE] == "chosen"


@needs_owners
def test_a_folder_in_it_for_what_is_no_code(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The cache folder that it makes is one that engines take, whatever the umask."""
    monkeypatch.setenv("DARKNET_PY_CACHE", str(tmp_path / "a" / "b"))
    before = os.umask(0o002)
    try:
        assert cache_folder.subfolder("weights") == tmp_path / "a" / "b" / "weights"
    finally:
        os.umask(before)
    assert cache_folder.private_folder() == tmp_path / "a" / "b"
    (tmp_path / "a" / "b").chmod(0o777)
    assert cache_folder.subfolder("weights").is_dir()
    with pytest.raises(OutputError):
        cache_folder.private_folder()
