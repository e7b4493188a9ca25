"""All rows of a result with all their digits: what the page needs to apply thresholds itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from darknet_py.detect.greedy_suppression import RULES
from darknet_py.detect.result_text import json_rows

if TYPE_CHECKING:
    from darknet_py.detect.detector import Detector
    from darknet_py.detect.result import Result


def rows_text(result: Result) -> str:
    """JSON: `width`, `height` of the image in pixels, `boxes` and `rows`.

    boxes: [centre x, y, width, height] relative to the image. rows: [index of its box, class_id,
    confidence], those of `to_json` in its order. Nine digits hold a float32 exactly, where the six
    of `to_json` make equal what is not, and NMS would then keep another of two boxes.
    """
    boxes = result.boxes
    kept = json_rows(result)
    numbers: dict[int, int] = {}
    first: list[int] = []
    for row in kept:
        if numbers.setdefault(int(boxes.box[row]), len(numbers)) == len(first):
            first.append(row)
    corners = ",".join(_numbers(boxes.xywhn[row].tolist()) for row in first)
    rows = ",".join(
        f"[{numbers[int(boxes.box[row])]},{boxes.class_id[row]},{boxes.confidence[row]:.9g}]"
        for row in kept
    )
    size = f'"width":{boxes.width},"height":{boxes.height}'
    return f'{{{size},"boxes":[{corners}],"rows":[{rows}]}}'


def refilters(detector: Detector) -> bool:
    """Whether the rows at a low threshold and without NMS hold those at every other choice.

    They do not where NMS goes by the objectness, or where a class tree gives a score that is not
    what the threshold is compared with.
    """
    tree = any(getattr(head, "hierarchy", None) for head in detector.graph.detection_heads)
    by_product = tree and not detector.fork.detect.region_hier_thresh
    return not (by_product or RULES[detector.suppression.kind].by_objectness)


def _numbers(values: list[float]) -> str:
    return f"[{','.join(f'{value:.9g}' for value in values)}]"
