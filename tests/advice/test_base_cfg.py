"""What a cfg may be made from, and what its training starts from."""

from __future__ import annotations

from pathlib import Path

import pytest

from darknet_py.advice.base_cfg import base_path, require_other, start_weights
from darknet_py.errors import DarknetError


def test_a_file_comes_before_a_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert Path(base_path("yolov4-tiny")).name == "yolov4-tiny.cfg"
    Path("yolov4-tiny").write_text("")
    assert base_path("yolov4-tiny") == "yolov4-tiny"


def test_a_cfg_without_published_weights_is_one_too() -> None:
    assert Path(base_path("yolov4-tiny-3l")).is_file()


def test_a_word_that_is_neither() -> None:
    with pytest.raises(DarknetError, match="yolov4-tinny: no such file, .*did you mean 'yolov4-ti"):
        base_path("yolov4-tinny")
    with pytest.raises(DarknetError, match="names are such as yolov4-tiny-3l, "):
        base_path("my/own.cfg")


def test_what_a_training_starts_from() -> None:
    assert start_weights("yolov4-tiny", "yolov4-tiny.conv.29") == ("yolov4-tiny.conv.29",)
    assert start_weights("yolov3-tiny", None) == ("yolov3-tiny", "-clear")
    assert start_weights("my.cfg", None) == ()


def test_the_base_is_not_written_over(tmp_path: Path) -> None:
    (tmp_path / "a.cfg").write_text("")
    (tmp_path / "b.cfg").symlink_to(tmp_path / "a.cfg")
    with pytest.raises(DarknetError, match="b.cfg: is the base itself"):
        require_other(str(tmp_path / "b.cfg"), str(tmp_path / "a.cfg"))
    require_other(str(tmp_path / "c.cfg"), str(tmp_path / "a.cfg"))
