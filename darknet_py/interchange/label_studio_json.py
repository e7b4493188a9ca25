"""Label Studio's JSON and JSON-MIN: a task an image, boxes in percent, rotated about a corner."""

from __future__ import annotations

from collections.abc import Iterator
from math import cos, radians, sin
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from darknet_py.interchange.file_tree import MOST_JSON, FileTree, StoredFile
from darknet_py.interchange.image_finder import is_image
from darknet_py.interchange.json_text import number, numbers, read_json_file, records, starts_with
from darknet_py.interchange.labelled_set import LabelledSet
from darknet_py.interchange.set_builder import (
    BOX,
    POLYGON,
    ROTATED,
    Corners,
    FoundObject,
    SetBuilder,
    around,
)

RECTANGLE, POLYGONS = "rectanglelabels", "polygonlabels"
MARKS = (RECTANGLE.encode(), POLYGONS.encode())
SIDES = ("x", "y", "width", "height")


def sniff(tree: FileTree) -> str | None:
    """Why a tree may be of this layout, None when it is not."""
    files = _files(tree)
    return f"{files[0].name} is a list of tasks with {RECTANGLE}" if files else None


def _files(tree: FileTree) -> list[StoredFile]:
    files = [StoredFile(tree, name) for name in tree.names if name.lower().endswith(".json")]
    return [file for file in files if tree.size(file.name) <= MOST_JSON and _has_marks(file)]


def _has_marks(file: StoredFile) -> bool:
    if not starts_with(file, b"["):
        return False
    text = file.read(MOST_JSON)
    return any(mark in text for mark in MARKS)


def read(builder: SetBuilder) -> LabelledSet:
    """Classes are sorted by name unless the user gives them; one annotation of a task counts."""
    for file in _files(builder.tree):
        for task in records(read_json_file(file)):
            _add(builder, task, file)
    return builder.finish()


def _add(builder: SetBuilder, task: dict[str, Any], file: StoredFile) -> None:
    path = _image_path(task)
    if path is None:
        builder.left_out.add("bad-row", f"{file}: task {task.get('id')} names no image")
        return
    image = builder.image(path)
    if image is not None:
        results = _results(task, builder, str(image))
        builder.add(image, "train", _objects(results, image, builder))


def _image_path(task: dict[str, Any]) -> str | None:
    """A path, an address of the program's own files (?d=PATH), or any other address."""
    data = task.get("data")
    values = data.values() if isinstance(data, dict) else task.values()
    for value in values:
        if isinstance(value, str) and (path := _path_in(value)):
            return path
    return None


def _path_in(value: str) -> str | None:
    try:
        parts = urlsplit(value)
        path = parse_qs(parts.query).get("d", [unquote(parts.path)])[0]
    except ValueError:
        return None
    return next((one for one in (path, value) if is_image(one)), None)


def _results(task: dict[str, Any], builder: SetBuilder, where: str) -> list[dict[str, Any]]:
    """Of the first annotation that was not cancelled; JSON-MIN has its results at the task."""
    if "annotations" not in task and "completions" not in task:
        lists = [value for value in task.values() if _is_result_list(value)]
        return records([one for value in lists for one in value])
    annotations = records(task.get("annotations", task.get("completions")))
    valid = [one for one in annotations if not one.get("was_cancelled")]
    for _ in valid[1:]:
        builder.left_out.add("other-annotator", where)
    return records(valid[0].get("result")) if valid else []


def _is_result_list(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(one, dict) for one in value)


def _objects(
    results: list[dict[str, Any]], image: StoredFile, builder: SetBuilder
) -> Iterator[FoundObject]:
    for result in results:
        value = result.get("value", result)
        found = _object(value, result, image, builder) if isinstance(value, dict) else None
        if found is not None:
            yield found
        elif result.get("type") != "choices":
            builder.left_out.add("other-shape", f"{image}: {result.get('type')}"[:200])


def _object(
    value: dict[str, Any], result: dict[str, Any], image: StoredFile, builder: SetBuilder
) -> FoundObject | None:
    for key, corners_of in ((RECTANGLE, _rectangle), (POLYGONS, _polygon)):
        labels = value.get(key)
        if isinstance(labels, list) and labels and isinstance(labels[0], str):
            size = _size(result, value) or builder.size_of(image)
            found = corners_of(value, size) if size else None
            return FoundObject(labels[0], *found) if found else None
    return None


def _size(*holders: dict[str, Any]) -> tuple[float, float] | None:
    for holder in holders:
        width, height = number(holder.get("original_width")), number(holder.get("original_height"))
        if width and height and width > 0 < height:
            return width, height
    return None


def _rectangle(value: dict[str, Any], size: tuple[float, float]) -> tuple[Corners, str] | None:
    """Percent of the image; rotated clockwise in pixels about its left upper corner."""
    sides = numbers([value.get(key) for key in SIDES], 4)
    angle = number(value.get("rotation", 0))
    if sides is None or angle is None or not abs(angle) < 1e6:
        return None
    x, y, width, height = (side / 100 for side in sides)
    if not angle % 360:
        return (x, y, x + width, y + height), BOX
    right, down = cos(radians(angle)), sin(radians(angle))
    aspect = size[0] / size[1]
    points = [
        (x + dx * right - dy / aspect * down, y + dx * aspect * down + dy * right)
        for dx, dy in ((0, 0), (width, 0), (width, height), (0, height))
    ]
    return around(points), ROTATED


def _polygon(value: dict[str, Any], size: tuple[float, float]) -> tuple[Corners, str] | None:
    points = value.get("points")
    read = [numbers(point, 2) for point in points] if isinstance(points, list) else []
    known = [(point[0] / 100, point[1] / 100) for point in read if point is not None]
    return (around(known), POLYGON) if len(known) == len(read) > 2 else None
