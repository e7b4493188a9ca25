"""A result in words, and as AlexeyAB's JSON."""

from __future__ import annotations

import json
from collections import Counter

from darknet_py.detect.result_data import ResultData

JSON_FLOOR = 0.005
"""AlexeyAB's JSON leaves out what is not above this, whatever the threshold."""


def summary_line(result: ResultData) -> str:
    """`dog.jpg: 768x576, 2 x person, 1 x dog, 12.3 ms`, in order of the classes."""
    boxes = result.boxes
    return (
        f"{origin(result)}: {boxes.width}x{boxes.height}, {object_counts(result)}, "
        f"{result.milliseconds:.1f} ms"
    )


def result_lines(result: ResultData) -> str:
    """The line about the image, and one for each box that is drawn, the most confident first:
    `  dog #3: 0.97 (or cat: 0.40) from (125, 25) to (175, 75)`, corners in pixels."""
    rows = result.ranked()
    lines = [_box_line(result, row, rows) for row in result.best()]
    return "\n".join([summary_line(result), *lines])


def _box_line(result: ResultData, row: int, rows: list[int]) -> str:
    boxes = result.boxes
    others = [other for other in rows if other != row and boxes.box[other] == boxes.box[row]]
    more = f" (or {', '.join(_score(result, other) for other in others)})" if others else ""
    left, top, right, bottom = boxes.xyxy[row].round().astype(int).tolist()
    return f"  {_score(result, row)}{more} from ({left}, {top}) to ({right}, {bottom})"


def _score(result: ResultData, row: int) -> str:
    name = result.name(int(result.boxes.class_id[row]))
    return f"{name}{track_words(result, row)}: {result.boxes.confidence[row]:.2f}"


def origin(result: ResultData) -> str:
    """The path, or `image`; of a video the frame and its time too."""
    if result.time is None:
        return result.path or "image"
    return f"{result.path} frame {result.frame} at {result.time:.2f} s".lstrip()


def object_counts(result: ResultData) -> str:
    """How many boxes have each class as their best one: names are as they are in the names file,
    where a plural is anybody's guess."""
    classes = Counter(int(result.boxes.class_id[row]) for row in result.best())
    counts = [f"{count} x {result.name(number)}" for number, count in sorted(classes.items())]
    return ", ".join(counts) or "no objects"


def track_words(result: ResultData, row: int) -> str:
    """` #7` for an object that keeps that number, nothing for one without."""
    tracks = result.boxes.track_id
    return f" #{tracks[row]}" if tracks is not None and tracks[row] else ""


def json_text(result: ResultData, frame: int, named: bool) -> str:
    """See Result.to_json."""
    objects = ", \n".join(_json_object(result, row) for row in json_rows(result))
    name = f' "filename":{json.dumps(result.path)}, \n' if result.path and named else ""
    return f'{{\n "frame_id":{frame}, \n{name} "objects": [ \n{objects}\n ] \n}}'


def json_rows(result: ResultData) -> list[int]:
    """The rows that it has, in their order."""
    shown, confidence = set(result.ranked()), result.boxes.confidence
    return [r for r in range(len(result)) if r in shown and confidence[r] > JSON_FLOOR]


def _json_object(result: ResultData, row: int) -> str:
    class_id = int(result.boxes.class_id[row])
    keys = ("center_x", "center_y", "width", "height")
    values = zip(keys, result.boxes.xywhn[row], strict=True)
    coordinates = ", ".join(f'"{key}":{value:f}' for key, value in values)
    name, confidence = json.dumps(result.name(class_id)), result.boxes.confidence[row]
    tracks = result.boxes.track_id
    track = "" if tracks is None else f', "track_id":{tracks[row]}'
    return (
        f'  {{"class_id":{class_id}, "name":{name}, '
        f'"relative_coordinates":{{{coordinates}}}, "confidence":{confidence:f}{track}}}'
    )
