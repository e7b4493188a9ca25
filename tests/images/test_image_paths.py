"""Which image files a source names."""

from __future__ import annotations

from pathlib import Path

import pytest

from darknet_py.errors import DataError
from darknet_py.images.image_paths import expand


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    names = ("b.jpg", "a.PNG", "c.txt.bak", "._b.jpg", "sub/d.jpeg", "e[1].jpg", "notes.md")
    for name in names:
        path = tmp_path / "images" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x")
    return tmp_path / "images"


def names_of(paths: list[str]) -> list[str]:
    return [Path(path).name for path in paths]


def test_a_file_is_itself_whatever_its_suffix(folder: Path) -> None:
    assert expand(folder / "b.jpg") == [str(folder / "b.jpg")]
    assert expand(str(folder / "notes.md")) == [str(folder / "notes.md")]


def test_a_path_stays_as_it_was_written(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    assert expand("./b.jpg") == ["./b.jpg"]


def test_a_folder_gives_its_images_sorted(folder: Path) -> None:
    assert names_of(expand(folder)) == ["a.PNG", "b.jpg", "e[1].jpg"]
    assert "d.jpeg" in names_of(expand(folder, recursive=True))


def test_links_between_folders_are_followed_once(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "far").mkdir()
    (tmp_path / "far" / "f.png").write_bytes(b"x")
    (folder / "sub" / "up").symlink_to(folder, target_is_directory=True)
    (folder / "z").symlink_to(tmp_path / "far", target_is_directory=True)
    (folder / "zz").symlink_to(tmp_path / "far", target_is_directory=True)
    found = expand(folder, recursive=True)
    assert names_of(found) == ["a.PNG", "b.jpg", "e[1].jpg", "d.jpeg", "f.png"]


def test_patterns(folder: Path) -> None:
    assert names_of(expand(f"{folder}/*.jpg")) == ["b.jpg", "e[1].jpg"]
    assert names_of(expand(f"{folder}/**/*.jpeg")) == ["d.jpeg"]
    assert names_of(expand(f"{folder}/*")) == ["a.PNG", "b.jpg", "e[1].jpg"]


def test_a_name_with_pattern_characters_is_a_file_first(folder: Path) -> None:
    assert expand(folder / "e[1].jpg") == [str(folder / "e[1].jpg")]


def test_several_sources_in_order(folder: Path) -> None:
    found = expand([folder / "b.jpg", f"{folder}/a*", str(folder / "b.jpg")])
    assert names_of(found) == ["b.jpg", "a.PNG", "b.jpg"]


def test_a_list_file(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder.parent)
    (folder / "list.txt").write_bytes(
        b"\xef\xbb\xbf# images\r\n  images/b.jpg \r\n\r\na.PNG\r\n"
        b"sub\\d.jpeg\r\ngone\\x.jpg\r\ncaf\xe9.jpg\r\n"
    )
    found = expand(folder / "list.txt")
    assert found[:4] == [
        "images/b.jpg",
        str(folder / "a.PNG"),
        str(folder / "sub/d.jpeg"),
        "gone/x.jpg",
    ]
    assert len(found) == 5


def test_a_list_prefers_the_working_folder(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "list.TXT").write_text("b.jpg\n")
    monkeypatch.chdir(folder.parent)
    assert expand(folder / "list.TXT") == [str(folder / "b.jpg")]
    Path("b.jpg").write_bytes(b"x")
    assert expand(folder / "list.TXT") == ["b.jpg"]


def test_nothing_found(folder: Path) -> None:
    (folder / "empty.txt").write_text("\n# none\n")
    (folder / "bare").mkdir()
    cases = {
        folder / "gone.jpg": "no such file",
        f"{folder}/*.bmp": "matches",
        folder / "empty.txt": "one path per line",
        folder / "bare": "sub-folders",
    }
    for source, words in cases.items():
        with pytest.raises(DataError, match=words):
            expand(source)
    with pytest.raises(DataError, match="no images given"):
        expand([])
    with pytest.raises(DataError, match="gone.jpg"):
        expand([folder / "b.jpg", folder / "gone.jpg"])
