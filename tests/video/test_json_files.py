"""JSON that is valid after each frame, in AlexeyAB's layout and as lines."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support.fake_video import frame_result, frames
from support.small_result import result

from darknet_py.errors import OutputError
from darknet_py.files import growing_file
from darknet_py.video.json_files import JsonFile, JsonLines, frame_dict
from darknet_py.video.output import OutputFrame


def test_alexeyabs_file_byte_for_byte(tmp_path: Path) -> None:
    path = tmp_path / "out.json"
    output = JsonFile(path)
    first, second = frames(2)
    output.write(first)
    output.write(second)
    output.close()
    assert path.read_bytes() == f"[\n{first.json}, \n{second.json}\n]".encode()
    assert first.json.startswith(
        '{\n "frame_id":1, \n "objects": [ \n  {"class_id":1, "name":"dog"'
    )


def test_the_file_is_valid_after_each_frame(tmp_path: Path) -> None:
    path = tmp_path / "out.json"
    path.write_text("old")
    output = JsonFile(path)
    assert path.read_text() == "old"
    for frame in frames(3):
        output.write(frame)
        read = json.loads(path.read_text())
        assert [entry["frame_id"] for entry in read] == list(range(1, frame.number + 1))
    output.close()
    assert os.listdir(tmp_path) == ["out.json"]


def test_a_run_without_frames(tmp_path: Path) -> None:
    for output in (JsonFile(tmp_path / "a.json"), JsonLines(tmp_path / "a.jsonl")):
        output.close()
    assert (tmp_path / "a.json").read_bytes() == b"[\n\n]"
    assert (tmp_path / "a.jsonl").read_bytes() == b""


@pytest.mark.parametrize("kind", [JsonFile, JsonLines])
def test_paths_that_cannot_be_written_are_refused_at_once(tmp_path: Path, kind: Any) -> None:
    with pytest.raises(OutputError, match="does not exist; create it first"):
        kind(tmp_path / "none" / "a.json")


def test_a_full_disk_leaves_what_was_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "out.json"
    output = JsonFile(path)
    first, second, third = frames(3)
    output.write(first)
    before, write = path.read_bytes(), growing_file.write_all

    def some(file: Any, data: bytes) -> None:
        if data.startswith(b", "):
            write(file, data[:9])
            raise OSError(28, "No space left on device")
        write(file, data)

    monkeypatch.setattr(growing_file, "write_all", some)
    with pytest.raises(OutputError, match=r"out\.json: cannot be written: No space left on device"):
        output.write(second)
    assert path.read_bytes() == before
    monkeypatch.undo()
    output.write(third)
    output.close()
    assert [entry["frame_id"] for entry in json.loads(path.read_text())] == [1, 3]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="Windows has none")
def test_a_pipe_gets_the_same_bytes(tmp_path: Path) -> None:
    """There is no way back in a pipe: the end of the list comes at the end."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    output = JsonFile(pipe)
    first, second = frames(2)
    output.write(first)
    output.write(second)
    output.close()
    assert os.read(reader, 9999) == f"[\n{first.json}, \n{second.json}\n]".encode()
    os.close(reader)


def test_lines(tmp_path: Path) -> None:
    path = tmp_path / "out.jsonl"
    output = JsonLines(path)
    for frame in frames(2):
        output.write(frame)
        assert path.read_bytes().count(b"\n") == frame.number
    output.close()
    text = path.read_text()
    assert " " not in text
    assert json.loads(text.splitlines()[1]) == {
        "frame_id": 2,
        "time": 0.1,
        "filename": "v.mp4",
        "objects": [
            {
                "class_id": 1,
                "name": "dog",
                "confidence": 0.75,
                "relative_coordinates": {
                    "center_x": 0.5,
                    "center_y": 0.5,
                    "width": 0.25,
                    "height": 0.125,
                },
                "box": [24.0, 21.0, 40.0, 27.0],
            }
        ],
    }


def test_lines_have_the_rows_of_the_json_file_and_the_tracks() -> None:
    """Neither what is hidden nor what lies below AlexeyAB's floor."""
    shown = result()
    boxes = replace(
        shown.boxes,
        track_id=np.array([7, 7, 8, 8]),
        confidence=np.array([0.4, 0.9, 0.004, 0.99], np.float32),
    )
    actual = frame_dict(3, replace(shown, boxes=boxes))
    assert [(row["name"], row["track_id"]) for row in actual["objects"]] == [
        ("cat", 7),
        ('dog "big"', 7),
    ]
    assert len(actual["objects"]) == len(
        json.loads(replace(shown, boxes=boxes).to_json())["objects"]
    )
    assert actual["time"] is None and "track_id" not in frame_dict(1, shown)["objects"][0]


def test_lines_on_the_standard_output(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    output = JsonLines("-")
    output.write(OutputFrame(5, frame_result(4)))
    output.close()
    (line,) = capsys.readouterr().out.splitlines()
    assert json.loads(line)["frame_id"] == 5
    assert os.listdir(tmp_path) == []


def test_a_standard_output_that_nobody_reads(monkeypatch: pytest.MonkeyPatch) -> None:
    read, write = os.pipe()
    os.close(read)
    output = JsonLines("-")
    with open(write, "w", buffering=1 << 16) as broken:
        monkeypatch.setattr("sys.stdout", broken)
        with pytest.raises(OutputError, match="takes no more lines: Broken pipe"):
            output.write(OutputFrame(1, frame_result(0)))
        monkeypatch.undo()
        read_again, write_again = os.pipe()
        os.dup2(write_again, write)  # or closing it would fail again
        os.close(write_again)
    os.close(read_again)
