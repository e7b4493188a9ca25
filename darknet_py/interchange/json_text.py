"""JSON of others: its size, its depth and its numbers are looked at."""

from __future__ import annotations

import json
import math
from typing import Any

from darknet_py.errors import DataError
from darknet_py.interchange.file_tree import MOST_JSON, StoredFile


def read_json_file(file: StoredFile) -> Any:
    """The value in a JSON file; raises DataError for what is none, and for one over MOST_JSON."""
    try:
        return json.loads(file.read(MOST_JSON).decode("utf-8-sig"))
    except (ValueError, RecursionError) as failure:
        raise DataError(f"{file}: is no JSON ({str(failure)[:200]})") from None


def starts_with(file: StoredFile, sign: bytes) -> bool:
    """Whether it may be a list ([) or an object ({)."""
    return file.head(64)[0].lstrip(b"\xef\xbb\xbf \t\r\n").startswith(sign)


def numbers(value: Any, count: int) -> tuple[float, ...] | None:
    """A list of so many numbers, NaN among them for what no float holds; None for anything else."""
    if not isinstance(value, list) or len(value) != count:
        return None
    read = [number(one) for one in value]
    return (
        None if any(one is None for one in read) else tuple(one for one in read if one is not None)
    )


def number(value: Any) -> float | None:
    """A number; None for what is none. Truth values are none."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    try:
        return float(value)
    except OverflowError:
        return math.nan


def records(value: Any) -> list[dict[str, Any]]:
    """The objects of a list, empty for anything else."""
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []
