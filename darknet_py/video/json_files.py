"""The boxes of each frame as JSON: AlexeyAB's file, and one line for each frame."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from darknet_py.detect.result import Result
from darknet_py.detect.result_text import json_rows
from darknet_py.errors import OutputError, open_failure
from darknet_py.files import GrowingFile, encoded, replacing, require_writable
from darknet_py.images.io import PathName
from darknet_py.video.output import OutputFrame

HEAD, BETWEEN, TAIL = b"[\n", b", \n", b"\n]"
STDOUT = "-"
DIGITS = 6
"""Behind the point, as in AlexeyAB's JSON."""


class JsonFile:
    """AlexeyAB's `-json_file_output`, byte for byte; valid JSON after each frame.

    The file takes its name with the first frame. A run without frames leaves an empty list.
    """

    def __init__(self, path: PathName) -> None:
        """Raises OutputError when the file could not be written."""
        self.path = Path(path)
        require_writable(self.path)
        self._file: GrowingFile | None = None

    def write(self, frame: OutputFrame) -> None:
        entry = encoded(frame.json)
        if self._file is None:
            self._file = GrowingFile(self.path)
            self._file.write(HEAD + entry + self._tail)
            self._file.take_name()
        else:
            self._file.write(BETWEEN + entry + self._tail, over=self._tail)

    @property
    def _tail(self) -> bytes:
        """Nothing can be written over in a pipe: there it comes at the end."""
        return b"" if self._file is not None and self._file.device else TAIL

    def close(self) -> None:
        if self._file is None:
            with replacing(self.path) as file:
                file.write(HEAD + TAIL)
            return
        try:
            if self._file.device:
                self._file.write(TAIL)
        finally:
            self._file.close()


class JsonLines:
    """One line of JSON for each frame, written in one piece; see `frame_dict`.

    path: "-" is the standard output.
    """

    def __init__(self, path: PathName) -> None:
        """Raises OutputError when the file could not be written."""
        self.path = Path(path)
        self._file: GrowingFile | None = None
        self._stdout = str(path) == STDOUT
        if not self._stdout:
            require_writable(self.path)

    def write(self, frame: OutputFrame) -> None:
        line = frame_line(frame)
        if self._stdout:
            _to_stdout(line)
            return
        if self._file is None:
            self._file = GrowingFile(self.path)
        self._file.write(encoded(line))
        self._file.take_name()

    def close(self) -> None:
        if self._file is not None:
            self._file.close()
        elif not self._stdout:
            with replacing(self.path):
                pass  # no frame, no line


def _to_stdout(line: str) -> None:
    try:
        sys.stdout.write(line)
        sys.stdout.flush()
    except OSError as failure:
        message = f"the standard output takes no more lines: {open_failure(failure)}"
        raise OutputError(message) from None


def frame_line(frame: OutputFrame) -> str:
    """`frame_dict` on one line, with its end."""
    return json.dumps(frame_dict(frame.number, frame.result), separators=(",", ":")) + "\n"


def frame_dict(number: int, result: Result) -> dict[str, Any]:
    """A frame as a dict: frame_id, its number; time, seconds from the start or None; filename;
    objects, the rows that AlexeyAB's JSON has, each with class_id, name, confidence,
    relative_coordinates, box (left, top, right, bottom in pixels) and, where frames are tracked,
    track_id."""
    return {
        "frame_id": number,
        "time": None if result.time is None else round(result.time, DIGITS),
        "filename": result.path,
        "objects": [_object(result, row) for row in json_rows(result)],
    }


def _object(result: Result, row: int) -> dict[str, Any]:
    boxes = result.boxes
    class_id = int(boxes.class_id[row])
    keys = ("center_x", "center_y", "width", "height")
    values = {
        "class_id": class_id,
        "name": result.name(class_id),
        "confidence": round(float(boxes.confidence[row]), DIGITS),
        "relative_coordinates": dict(
            zip(keys, (round(float(v), DIGITS) for v in boxes.xywhn[row]), strict=True)
        ),
        "box": [round(float(value), 2) for value in boxes.select([row]).xyxy[0]],
    }
    return values if boxes.track_id is None else values | {"track_id": int(boxes.track_id[row])}
