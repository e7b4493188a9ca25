"""VOC's XML: what its objects become, and XML that means no good."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.drawn_layouts import HEIGHT, WIDTH, put, text, write
from support.imported import found

from darknet_py.errors import DataError
from darknet_py.interchange.file_tree import StoredFile
from darknet_py.interchange.open_tree import folder_tree
from darknet_py.interchange.plain_xml import read_xml

SIZE = f"<size><width>{WIDTH}</width><height>{HEIGHT}</height></size>"
BOX = "<bndbox><xmin>11</xmin><ymin>9</ymin><xmax>41</xmax><ymax>34</ymax></bndbox>"


def pixels(folder: Path, objects: str, head: str = SIZE, **rules: bool) -> tuple[list[object], str]:
    put(folder, "a.jpg")
    text(folder / "a.xml", f"<annotation>{head}{objects}</annotation>")
    made = found(folder, **rules)
    rows = [
        (made.names[one.class_id], round(one.x * WIDTH, 3), round(one.y * HEIGHT, 3),
         round(one.w * WIDTH, 3), round(one.h * HEIGHT, 3))
        for one in made.images[0].boxes
    ]  # fmt: skip
    return rows, "".join(made.remarks[:1])


RIGHT = [("cat", 25, 20.5, 30, 25)]
ANGLE = "<robndbox><cx>48</cx><cy>32</cy><w>20</w><h>10</h><angle>1.5707963</angle></robndbox>"
POINTS = "<polygon><x1>10</x1><y1>10</y1><x2>30</x2><y2>10</y2><x3>30</x3><y3>20</y3></polygon>"


@pytest.mark.parametrize(
    ("objects", "rows", "remark"),
    [
        (f"<object><name> cat </name>{BOX}</object>", RIGHT, ""),
        (f"<object><name>cat</name><difficult>0</difficult>{BOX}{POINTS}</object>", RIGHT, ""),
        (f"<object><name>cat</name><difficult>1</difficult>{BOX}</object>", [], "objects marked"),
        (f"<object>{BOX}</object>", [], "lines or entries that are no labels left out: 1"),
        ("<object><name>cat</name></object>", [], "lines or entries that are no labels left"),
        (
            f"<object><name>cat</name>{BOX.replace('11', 'x')}</object>",
            [],
            "lines or entries that are no labels left out: 1",
        ),
        (f"<object><name>cat</name>{BOX.replace('11', 'nan')}</object>", [], "boxes with values"),
        (f"<object><name>cat</name>{ANGLE}</object>", [], "rotated boxes left out (--polygons"),
        (f"<object><name>cat</name>{POINTS}</object>", [], "polygons left out (--polygons"),
    ],
)
def test_what_objects_become(objects: str, rows: list[object], remark: str, tmp_path: Path) -> None:
    actual, first = pixels(tmp_path, objects)
    assert actual == rows and first.startswith(remark) and bool(first) == bool(remark)


def test_the_boxes_around_others(tmp_path: Path) -> None:
    made, _ = pixels(tmp_path, f"<object><name>c</name>{ANGLE}</object>", polygons=True)
    assert made == [("c", 48, 32, 10, 20)]
    made, _ = pixels(tmp_path, f"<object><name>c</name>{POINTS}</object>", polygons=True)
    assert made == [("c", 20, 15, 20, 10)]


@pytest.mark.parametrize("head", ["", "<size><width>0</width><height>0</height></size>"])
def test_sizes_are_those_of_the_file_where_none_are_said(head: str, tmp_path: Path) -> None:
    assert pixels(tmp_path, f"<object><name>cat</name>{BOX}</object>", head)[0] == RIGHT


ENTITIES = '<!DOCTYPE x [<!ENTITY a "aa"><!ENTITY b "&a;&a;">]><annotation>&b;</annotation>'


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (ENTITIES, "a.xml: has a DOCTYPE, which no annotation needs"),
        ('<!DOCTYPE x SYSTEM "file:///etc/passwd"><annotation/>', "a.xml: has a DOCTYPE"),
        ("<a>" * 100, "a.xml: has more levels than an annotation has"),
        ("<annotation>", "a.xml: is no XML (no element found"),
        ("<annotation>&b;</annotation>", "a.xml: is no XML (undefined entity"),
        ('<?xml version="1.0" encoding="no"?><annotation/>', "a.xml: is no XML ("),
        ("", "a.xml: is no XML (no element found"),
    ],
)
def test_xml_that_is_not_read(content: str, complaint: str, tmp_path: Path) -> None:
    text(tmp_path / "a.xml", content)
    with pytest.raises(DataError) as error:
        read_xml(StoredFile(folder_tree(tmp_path), "a.xml"))
    assert complaint in str(error.value)


def test_one_bad_file_is_counted(tmp_path: Path) -> None:
    write("voc", tmp_path)
    text(tmp_path / "Annotations" / "b.xml", ENTITIES)
    made = found(tmp_path)
    assert len(made.images) == 3
    assert made.remarks[0].startswith("lines or entries that are no labels left out: 1, the first")
    assert "DOCTYPE" in made.remarks[0]


def test_the_name_in_the_file_counts_where_its_own_is_none(tmp_path: Path) -> None:
    put(tmp_path / "photos", "a.jpg", "b.png")
    text(tmp_path / "x1.xml", "<annotation><filename>b.png</filename></annotation>")
    text(tmp_path / "x2.xml", "<annotation><filename>/home/me/a.jpeg</filename></annotation>")
    assert [one.file.base for one in found(tmp_path).images] == ["b.png", "a.jpg"]


def test_the_first_list_that_names_an_image_says_its_split(tmp_path: Path) -> None:
    put(tmp_path / "JPEGImages")
    lists = {"train": "a\n", "trainval": "a 1\nb 1\nc -1\n", "val": "c\n", "test": "empty\n"}
    for name, stems in lists.items():
        text(tmp_path / "ImageSets" / "Main" / f"{name}.txt", stems)
    for stem in ("a", "b", "c", "empty one"):
        text(
            tmp_path / "Annotations" / f"{stem.split()[0]}.xml",
            f"""<annotation>
            <filename>{stem}.jpg</filename></annotation>""",
        )
    splits = {one.file.base: one.split for one in found(tmp_path).images}
    wanted = {"a.jpg": "train", "b.png": "train", "c.jpg": "valid", "empty one.jpg": "test"}
    assert splits == wanted
