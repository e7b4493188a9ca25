"""The metrics of `map` as JSON and as CSV."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

from darknet_py.evaluate.map_result import MapResult
from darknet_py.files import encoded, replacing


def write(path: Path, result: MapResult) -> None:
    """A path that ends in .csv gets a line per class, any other one JSON with all metrics."""
    text = _csv(result) if path.suffix.lower() == ".csv" else _json(result)
    with replacing(path) as file:
        file.write(encoded(text))


def _json(result: MapResult) -> str:
    text = json.dumps(result.to_dict(), indent=1, ensure_ascii=False) + "\n"
    # A name that is not UTF-8 is escaped, as JSON has it.
    return text.encode("utf-8", "backslashreplace").decode()


def _csv(result: MapResult) -> str:
    rows = [row.to_dict() for row in result.classes]
    text = io.StringIO()
    writer = csv.DictWriter(text, list(rows[0]))
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()
