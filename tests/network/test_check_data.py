"""`check` of a .data file: each path it names is there, or its key and line are named."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from darknet_py.cli.main import main
from darknet_py.errors import OutputError
from darknet_py.network import check_data as module
from darknet_py.network.check_data import FILES, check_data, data_sets

DATA = "classes=2\nnames=n.names\ntrain=t.txt\n"


def test_data_file(tmp_path: Path) -> None:
    (tmp_path / "n.names").write_text("cat\ndog\n")
    (tmp_path / "t.txt").write_text("")
    path = tmp_path / "a.data"
    path.write_text(DATA)
    assert check_data(path) == []
    path.write_text(DATA.replace("2", "3"))
    (notice,) = check_data(path)
    assert notice.level == "warning", "it runs"
    assert notice.message.endswith("n.names has 2 names for classes=3")


def test_lines_of_a_data_file_are_named_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("n.names").write_text("cat\ndog\n")
    Path("t.txt").write_text("")
    Path("a.data").write_text(f"valid=\na line\n{DATA}")
    assert [str(notice) for notice in check_data("a.data")] == [
        "warning: a.data:1: 'valid=' has no value; Darknet discards the line",
        "warning: a.data:2: 'aline' has no '='; its default is used, as in Darknet",
    ]
    assert data_sets(["a.data"]) == [("a.data", None)]
    assert caplog.messages == []


def test_data_file_with_missing_files(tmp_path: Path) -> None:
    path = tmp_path / "a.data"
    path.write_text(DATA)
    assert [notice.level for notice in check_data(path)] == ["error", "error"]
    path.write_text("classes=2\n")
    (notice,) = check_data(path)
    assert (notice.level, notice.message) == (
        "warning",
        "has no names=; classes are shown by number",
    )
    (notice,) = check_data(tmp_path / "none.data")
    assert "no such file" in notice.message


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working folder, with a file for each key of a .data file."""
    for key in FILES:
        (tmp_path / f"{key}.list").write_text("x\n")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def data_file(**values: str) -> str:
    lines = {key: f"{key}.list" for key in FILES} | {"backup": "kept/new", "results": "."} | values
    Path("o.data").write_text("".join(f"{key} = {value}\n" for key, value in lines.items()))
    return "o.data"


@pytest.mark.parametrize("key", FILES)
def test_a_file_that_is_missing_is_an_error_with_key_line_and_path(here: Path, key: str) -> None:
    assert check_data(data_file()) == []
    errors = check_data(data_file(**{key: "gone/x.list"}))
    line = FILES.index(key) + 1
    assert [str(error) for error in errors] == [
        f"error: o.data:{line}: {key}: gone/x.list: no such file; check the path"
    ]
    result = CliRunner().invoke(main, ["check", "o.data", "--quick"])
    assert result.exit_code == 1 and str(errors[0]) in result.stdout


def test_the_keys_that_name_files() -> None:
    read = ("train", "valid", "test", "names", "labels", "tree", "leaves", "map", "difficult")
    assert read == FILES


def test_a_folder_of_images_serves_as_a_list(here: Path) -> None:
    (here / "images").mkdir()
    assert check_data(data_file(train="images")) == []


@pytest.mark.parametrize("key", ["backup", "results"])
def test_folders_that_nothing_can_be_written_to(
    here: Path, monkeypatch: pytest.MonkeyPatch, key: str
) -> None:
    line = len(FILES) + ("backup", "results").index(key) + 1
    for value in ("train.list", "train.list/deeper"):
        (error,) = check_data(data_file(**{key: value}))
        start = f"error: o.data:{line}: {key}: {value}: is a file, expected a folder"
        assert str(error) == start

    def full(path: Path) -> None:
        raise OutputError(f"{path}: nothing can be written to {path.parent}: Permission denied")

    monkeypatch.setattr(module, "require_writable", full)
    errors = check_data(data_file())
    assert [error.location.key for error in errors] == ["backup", "results"]
    assert all(error.message.endswith("Permission denied") for error in errors)


def test_data_sets_and_their_cfgs(tmp_path: Path) -> None:
    (tmp_path / "t.txt").write_text("")
    a, b, none, bad = (tmp_path / f"{name}.data" for name in ("a", "b", "none", "bad"))
    for path, text in (
        (a, "train=t.txt"),
        (b, "valid=t.txt"),
        (none, "train=gone.txt"),
        (bad, "x"),
    ):
        path.write_text(text)
    assert data_sets([a, none, bad, tmp_path / "gone.data", "x.cfg"]) == [(str(a), "x.cfg")]
    actual = data_sets(["x.cfg", a, "y.cfg", "y.weights", b])
    assert actual == [(str(a), "y.cfg"), (str(b), "y.cfg")]
    assert data_sets([a]) == [(str(a), None)]
