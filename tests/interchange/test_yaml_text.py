"""YAML that is small and means much, by either of PyYAML's loaders."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from support.drawn_layouts import text

from darknet_py.errors import DarknetError, DataError
from darknet_py.interchange import yaml_text
from darknet_py.interchange.file_tree import StoredFile
from darknet_py.interchange.open_tree import folder_tree
from darknet_py.interchange.yaml_text import read_yaml


@pytest.fixture(params=["fastest", "plain"], autouse=True)
def loader(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """PyYAML has the one in C only where libyaml was there when it was built."""
    if request.param == "plain" and hasattr(yaml, "CSafeLoader"):
        monkeypatch.delattr(yaml, "CSafeLoader")


def read(folder: Path, content: str) -> object:
    text(folder / "a.yaml", content)
    return read_yaml(StoredFile(folder_tree(folder), "a.yaml"))


def test_what_is_read(tmp_path: Path) -> None:
    assert read(tmp_path, "a: [x, 1, ~]\n2: {b: 'c d'}\nc:\n- e\n- f: g\n") == {
        "a": ["x", 1, None],
        2: {"b": "c d"},
        "c": ["e", {"f": "g"}],
    }
    assert read(tmp_path, "# nothing") is None


@pytest.mark.parametrize(
    "content",
    [
        *("[" * 100, "[" * 900 + "]" * 900, "{a: " * 100, "- " * 20_000, "? " * 20_000),
        "\n".join(" " * n + "a:" for n in range(500)),
    ],
)
def test_depth_is_found_at_once(content: str, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="a.yaml: has more lists in one another than"):
        read(tmp_path, content)


@pytest.mark.parametrize("content", ["a: &x [1]\nb: *x", "&a [*a]", "a: &b {c: 1}\nd: {<<: *b}"])
def test_aliases_are_refused(content: str, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"a.yaml: has aliases \(\*name\), which are not read"):
        read(tmp_path, content)


@pytest.mark.parametrize(
    "content",
    ["a: [", "a: 'x", "!!python/name:os.system", "a: b: c", "\0", "2001-99-99", "{[a]: b}"],
)
def test_what_is_no_yaml(content: str, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"a.yaml: is no YAML \("):
        read(tmp_path, content)


def test_without_the_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(module: str, package: str) -> None:
        raise DarknetError(f"{module} is not installed; pip install {package}")

    monkeypatch.setattr(yaml_text, "optional_module", missing)
    with pytest.raises(DarknetError, match="yaml is not installed; pip install pyyaml"):
        read(tmp_path, "a: b")
