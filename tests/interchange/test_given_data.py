"""A folder, a zip or a data.yaml where a .data file stands."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from support.drawn_layouts import EXPECTED, HEIGHT, WIDTH, write, zipped
from support.imported import rows_in, run

from darknet_py.interchange.given_data import as_data_file


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DARKNET_PY_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def test_a_data_file_stays_what_it_is() -> None:
    assert as_data_file("a.data") == "a.data"
    assert as_data_file("cfg/coco.data") == "cfg/coco.data"


def test_a_folder_is_imported_once_and_again_when_it_changes(cache: Path) -> None:
    source = write("roboflow", Path("set"))
    data = Path(as_data_file("set"))
    assert data.is_relative_to(cache / "data") and data.name == "obj.data"
    assert rows_in(data.parent, WIDTH, HEIGHT) == EXPECTED
    assert (data.parent / "train" / "a.jpg").resolve() == (source / "train" / "a.jpg").resolve()
    assert "backup=backup\n" in data.read_text()
    assert Path(as_data_file("set")) == data == Path(as_data_file("./set/"))
    (source / "train" / "a.txt").write_text("0 .5 .5 .25 .25\n")
    changed = Path(as_data_file("set"))
    assert changed != data
    assert ("train", "a.jpg", 0, 36, 24, 60, 40) in rows_in(changed.parent, WIDTH, HEIGHT)


@pytest.mark.parametrize("layout", ["coco", "ultralytics"])
def test_a_zip_is_unpacked(layout: str) -> None:
    archive = zipped(write(layout, Path("set")))
    data = Path(as_data_file(str(archive)))
    assert rows_in(data.parent, WIDTH, HEIGHT) == EXPECTED
    assert not (data.parent / "train" / "a.jpg").is_symlink()


def test_a_yaml_stands_for_its_folder() -> None:
    write("ultralytics", Path("set"))
    data = Path(as_data_file("set/data.yaml"))
    assert rows_in(data.parent, WIDTH, HEIGHT) == EXPECTED


def test_a_folder_of_darknets_own_is_taken_as_it_is(cache: Path) -> None:
    write("coco", Path("source"))
    run("data", "import", "source", "-o", "own")
    assert as_data_file("own") == os.path.join("own", "obj.data")
    assert not cache.exists()


def test_what_commands_do_with_it(cache: Path) -> None:
    write("voc", Path("set"))
    archive = zipped(Path("set"))
    result = run("check", archive)
    assert (result.exit_code, result.stdout.splitlines()[-1]) == (0, "OK")
    assert "set.zip: Pascal VOC XML, as Annotations/a.xml is an <annotation>" in result.stderr
    result = run(
        "detector", "calc_anchors", "set", "-num_of_clusters", 2, "-width", 32, "-height", 32
    )
    assert result.exit_code == 0, result.output
    result = run("data", "split", "set", "--valid", ".5", "-o", "halves")
    first, *table = result.stdout.splitlines()
    assert first == "halves/obj.data: 2 train, 2 valid images"
    totals = {}
    for line in table:
        name, counts = line.strip().split(": ")
        totals[name] = sum(int(word) for word in counts.split() if word.isdigit())
    assert totals == {"disc": 2, "kite": 3, "ring": 1}
    images = [Path(f"halves/{name}.txt").read_text().splitlines() for name in ("train", "valid")]
    assert {Path(path).name for path in sum(images, [])} == {
        "a.jpg", "b.png", "c.jpg", "empty one.jpg",
    }  # fmt: skip
    result = run("check", "halves/obj.data")
    assert (result.exit_code, result.stdout.splitlines()[-1]) == (0, "OK")


def test_what_is_left_out_is_a_warning() -> None:
    source = write("ultralytics", Path("set"))
    (source / "train" / "labels" / "a.txt").write_text("0 .1 .1 .3 .1 .2 .3\n")
    result = run("check", "set")
    assert (
        "warning: set: polygons left out (--polygons takes their bounding boxes): 1, the"
        in result.stderr
    )
    assert result.exit_code == 0


def test_a_folder_that_is_none_is_one_line(cache: Path) -> None:
    Path("set").mkdir()
    (Path("set") / "a.txt").write_text("x")
    for words in (("train", "set", "a.cfg"), ("map", "set", "a.cfg"), ("check", "set")):
        result = run(*words)
        assert (result.exit_code, result.stdout, result.stderr.count("\n")) == (1, "", 1)
        assert "set: is a data set of no known layout" in result.stderr
    assert not cache.exists()
