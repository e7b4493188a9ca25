"""A cfg with other values of some options."""

from __future__ import annotations

from darknet_py.cfg.edited_text import EditedText, OptionChange
from darknet_py.cfg.text import parse
from darknet_py.errors import Problems

TEXT = "# first\n[net]\nbatch = 1\r\n; batch=2\nwidth=32\nangle\n\n[yolo]\r\nmask = 0, 1\nmask=5"


def edited(**values: str) -> EditedText:
    """Options of [net], and of [yolo] where they end in _y."""
    net, yolo = parse(TEXT, "n.cfg", Problems())
    text = EditedText(TEXT)
    for key, value in values.items():
        text.set(yolo if key.endswith("_y") else net, key.removesuffix("_y"), value)
    return text


def test_only_the_line_of_the_option_changes() -> None:
    new = edited(batch="64", mask_y="2,3")
    assert new.text == TEXT.replace("batch = 1\r", "batch = 64\r").replace("0, 1", "2,3")
    assert new.changes == [
        OptionChange(3, 3, "net", "batch", "1", "64"),
        OptionChange(9, 9, "yolo", "mask", "0,1", "2,3"),
    ]


def test_a_value_that_is_there_already_is_no_change() -> None:
    new = edited(batch=" 1", width="32", mask_y="0,1")
    assert (new.text, new.changes) == (TEXT, [])


def test_options_that_are_not_written_follow_their_section() -> None:
    new = edited(flip="0", batch="8", classes_y="3")
    lines = new.text.split("\n")
    assert lines[1:4] == ["[net]", "flip=0", "batch = 8\r"]
    assert lines[8:10] == ["[yolo]\r", "classes=3\r"]
    assert new.changes == [
        OptionChange(2, 3, "net", "flip", None, "0"),
        OptionChange(3, 4, "net", "batch", "1", "8"),
        OptionChange(8, 10, "yolo", "classes", None, "3"),
    ]
    for change in new.changes:
        assert lines[change.new_line - 1].replace(" ", "").startswith(f"{change.key}={change.new}")


def test_two_new_options_of_a_section_have_a_line_each() -> None:
    new = edited(flip="0", blur="1")
    lines = new.text.split("\n")
    assert [(change.new_line, lines[change.new_line - 1]) for change in new.changes] == [
        (3, "blur=1"),
        (4, "flip=0"),
    ]


def test_the_last_value_counts() -> None:
    new = edited(batch="8")
    net, _ = parse(TEXT, "n.cfg", Problems())
    new.set(net, "batch", "1")
    assert (new.text, new.changes) == (TEXT, [])


def test_a_key_without_a_value_gets_one() -> None:
    assert edited(angle="5").text == TEXT.replace("angle\n", "angle=5\n")
