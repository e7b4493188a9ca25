"""One drawn data set through every layout: imported, checked, trained on, exported, equal."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from support.drawn_layouts import (
    DRAWN,
    EXPECTED,
    HEIGHT,
    LAYOUT_WRITERS,
    NAMES,
    WIDTH,
    write,
    zipped,
)
from support.imported import Row, rows_in, run

from darknet_py.files import PLACE_BY
from darknet_py.interchange.export_set import WRITERS
from darknet_py.interchange.layouts import LAYOUTS
from darknet_py.options.datasets import LAYOUTS as LAYOUT_WORDS
from darknet_py.options.datasets import PLACES

CFG = """[net]
batch=2
subdivisions=1
width=32
height=32
channels=3
learning_rate=0.001
max_batches=9
[convolutional]
filters=24
size=3
stride=8
pad=1
activation=linear
[yolo]
mask=0,1,2
anchors=4,4, 8,8, 12,12
classes=3
num=3
"""
ALL_TRAIN = ("label-studio-json",)
"""Layouts without splits."""


def expected(layout: str) -> set[Row]:
    if layout in ALL_TRAIN:
        return {("train", *row[1:]) for row in EXPECTED}  # type: ignore[misc]
    return EXPECTED  # type: ignore[return-value]


def test_the_words_of_the_options_are_the_keys_of_the_tables() -> None:
    assert LAYOUT_WORDS == (*LAYOUTS,) == (*LAYOUT_WRITERS,)
    assert (*PLACE_BY,) == PLACES
    assert set(WRITERS) == {"coco", "voc"}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_imported_checked_trained_exported_equal(
    layout: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("net.cfg").write_text(CFG)
    source = write(layout, tmp_path / "source")
    result = run("data", "import", "source", "-o", "set")
    assert result.exit_code == 0, result.output
    assert result.stdout.startswith("set/obj.data: ")
    assert "6 boxes of 3 classes" in result.stdout
    assert f"source: {LAYOUTS[layout].name}, as " in result.stderr
    assert Path("set/obj.names").read_text() == "disc\nkite\nring\n"
    assert rows_in(Path("set"), WIDTH, HEIGHT) == expected(layout)
    shutil.rmtree(source)  # the images were copied
    result = run("check", "set/obj.data", "net.cfg")
    assert (result.exit_code, result.stdout.splitlines()[-1]) == (0, "OK")
    words = ("--iterations", 1, "--device", "cpu", "--workers", 0, "--results", "r.csv")
    result = run("train", "set/obj.data", "net.cfg", *words)
    assert result.exit_code == 0, result.output
    assert Path("set/backup/net_last.weights").stat().st_size > 0
    for form in WRITERS:
        assert run("data", "export", "set/obj.data", "--format", form, "-o", form).exit_code == 0
        result = run("data", "import", form, "-o", f"{form}-again")
        assert LAYOUTS[form].name in result.stderr
        assert rows_in(Path(f"{form}-again"), WIDTH, HEIGHT) == expected(layout)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_zip_gives_what_its_folder_gives(layout: str, tmp_path: Path) -> None:
    """With a folder around all, as most programs pack them, and side files of macOS."""
    source = write(layout, tmp_path / "source")
    side = tmp_path / "source" / ".DS_Store"
    side.write_text("x")
    archive = zipped(source, "my set/")
    shutil.rmtree(source)
    result = run("data", "import", archive, "-o", tmp_path / "set")
    assert result.exit_code == 0, result.output
    assert rows_in(tmp_path / "set", WIDTH, HEIGHT) == expected(layout)
    images = [one.name for one in DRAWN if one.boxes or layout != "open-images"]
    listed = {path.name for path in (tmp_path / "set").rglob("*.[jp][pn]g")}
    assert listed == {*images}


def test_what_coco_is_given(tmp_path: Path) -> None:
    write("cvat", tmp_path / "s")
    run("data", "import", tmp_path / "s", "-o", tmp_path / "set", "--place", "link")
    assert (tmp_path / "set" / "train" / "a.jpg").is_symlink()
    words = ("-o", tmp_path / "coco", "--place", "none")
    result = run("data", "export", tmp_path / "set" / "obj.data", *words)
    told = f"{tmp_path / 'coco'}: 3 train, 1 valid images, 6 boxes of 3 classes\n"
    assert result.stdout == told
    files = sorted(path.name for path in (tmp_path / "coco").rglob("*") if path.is_file())
    assert files == ["instances_train.json", "instances_valid.json"]
    values = json.loads((tmp_path / "coco" / "annotations" / files[1]).read_text())
    image = {"id": 1, "file_name": "c.jpg", "width": WIDTH, "height": HEIGHT}
    assert values["images"] == [image]
    assert values["annotations"][0] == {
        "id": 1, "image_id": 1, "category_id": 2, "bbox": [3, 4, 77, 56], "area": 4312,
        "iscrowd": 0,
    }  # fmt: skip
    assert [one["name"] for one in values["categories"]] == list(NAMES)


def test_labels_of_one_place_and_images_of_another(tmp_path: Path) -> None:
    source = write("cvat", tmp_path / "source")
    images = tmp_path / "photos"
    images.mkdir()
    for path in [*source.rglob("*.jpg"), *source.rglob("*.png")]:
        path.rename(images / path.name)
    result = run("data", "import", source, "-o", tmp_path / "none")
    assert result.exit_code == 1 and result.stderr.count("error") == 1
    assert (
        "images that are not there left out (--images FOLDER says where they are): 4, the first"
        in result.stderr
    )
    assert not (tmp_path / "none").exists()
    result = run("data", "import", source, "--images", images, "-o", tmp_path / "set")
    assert result.exit_code == 0, result.output
    assert rows_in(tmp_path / "set", WIDTH, HEIGHT) == EXPECTED


def test_names_of_the_users_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    write("voc", tmp_path / "signs")
    Path("my.names").write_text("ring\nkite\n")
    result = run("data", "import", "signs", "--names", "my.names")
    assert "objects of a class that has no name left out: 2, the first: 'disc' of" in result.stdout
    kept = {row[2] for row in rows_in(Path("signs-darknet"), WIDTH, HEIGHT)}
    assert kept == {0, 1}
    assert ("train", "b.png", 0, 1, 1, 31, 31) in rows_in(Path("signs-darknet"), WIDTH, HEIGHT)


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (("import", "none.zip"), "none.zip: no such file; expected a folder or a .zip"),
        (("import", "empty"), "empty: has no files, expected the folder of a data set"),
        (("import", "/"), "/: is the whole file system"),
        (("import", "notes.txt"), "notes.txt: expected a folder or a .zip of a data set"),
        (("import", "text"), "text: is a data set of no known layout, which are CVAT"),
        (("import", "text", "--layout", "coco"), "text: has no files of COCO JSON"),
        (("import", "broken.zip"), "broken.zip: expected a folder or a .zip"),
        (("import", "cvat", "-o", "text"), "text: is there already; name a new folder"),
        (("import", "cvat", "-o", "x/JPEGImages/o"), "Darknet's rule labels of images there"),
        (("import", "cvat", "-o", "a\nb"), "has a line break"),
        (("export", "none.data"), "none.data: no such file"),
        (("export", "notes.txt"), "notes.txt"),
        (("split", "cvat", "--valid", ".8", "--test", ".3"), "0.8 and 0.3, which are more than 1"),
        (("split", "cvat", "--group", "("), "--group: read '(', no regular expression"),
    ],
)
def test_errors_are_one_line(
    words: tuple[str, ...], complaint: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DARKNET_PY_CACHE", str(tmp_path / "cache"))
    Path("empty").mkdir()
    Path("text").mkdir()
    for name in ("text/a.txt", "notes.txt", "broken.zip"):
        Path(name).write_text("hello\n")
    write("cvat", tmp_path / "cvat")
    before = {path for path in tmp_path.rglob("*") if "cache" not in path.parts}
    result = run("data", *words)
    errors = [line for line in result.stderr.splitlines() if line.startswith("darknet-py: error")]
    assert result.exit_code == 1 and len(errors) == 1, result.output
    assert complaint in errors[0]
    assert {path for path in tmp_path.rglob("*") if "cache" not in path.parts} == before
