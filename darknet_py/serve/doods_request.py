"""What a request of DOODS asks for, read from its JSON."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from darknet_py.serve.refusal import Refusal

ANY = "*"
"""The label that stands for all that are not named."""

MOST_REGIONS = 100
"""Each is held against each box."""

JPEG_WORDS = {"true", "jpg", ".jpg", "jpeg", "image/jpeg"}

KINDS = {
    str: "a text",
    dict: "an object",
    list: "a list",
    bool: "true or false",
    float: "a number",
}


@dataclass(frozen=True)
class Wanted:
    """Labels with the least confidence of each in percent, in the whole image or in a part of it.

    left, top, right, bottom: of the part, relative to the image. covers: the part must hold the
    whole box, not only touch it.
    """

    percents: Mapping[str, float]
    left: float = 0.0
    top: float = 0.0
    right: float = 1.0
    bottom: float = 1.0
    covers: bool = False

    def takes(self, label: str, percent: float, edges: Sequence[float]) -> bool:
        """Whether a box is wanted. edges: left, top, right, bottom of it."""
        least = self.percents.get(label, self.percents.get(ANY))
        return least is not None and percent >= least and self._holds(*edges)

    def _holds(self, left: float, top: float, right: float, bottom: float) -> bool:
        if self.covers:
            inside = self.left <= left and right <= self.right
            return inside and self.top <= top and bottom <= self.bottom
        beside = self.right < left or right < self.left
        return not (beside or self.bottom < top or bottom < self.top)


@dataclass(frozen=True)
class DoodsRequest:
    """id: comes back with the answer. detector_name: "" is the first network. data: of the image
    file. drawn: the labelled image is asked for, too. everything: a box that one of these takes is
    wanted."""

    id: str | None
    detector_name: str
    data: bytes
    drawn: bool
    everything: tuple[Wanted, ...]


def parsed(body: bytes, usual: float) -> DoodsRequest:
    """Raises Refusal.

    usual: percent that stand for a minimum of 0, which clients send where nothing is set: it asks
    for all that a detector has to say, not for thousands of boxes that are nothing.
    """
    try:
        said = json.loads(body)
    except (ValueError, RecursionError):
        said = None
    if not isinstance(said, dict):
        example = '{"data": "...", "detect": {"*": 50}}'
        raise Refusal(400, f"the body is no object of JSON; give for example {example}")
    if _field(said, "preprocess", list, []):
        raise Refusal(400, "preprocess: images are taken as they are; leave it out")
    whole = Wanted(_percents(said, usual))
    regions = _regions(said, usual)
    return DoodsRequest(
        _field(said, "id", str, None),
        _field(said, "detector_name", str, ""),
        image_file(_field(said, "data", str, "")),
        _drawn(_field(said, "image", str, "")),
        (whole, *regions),
    )


def image_file(text: str) -> bytes:
    """The bytes that are written in base64. The name of a file and an address are refused as what
    they are here: no base64. Raises Refusal."""
    try:
        data = base64.b64decode("".join(text.split()), validate=True)
    except (binascii.Error, ValueError):
        data = b""
    if not data:
        raise Refusal(400, "data: give the bytes of the image file in base64; nothing is fetched")
    return data


def _drawn(words: str) -> bool:
    if words and words not in JPEG_WORDS:
        raise Refusal(400, f"image={words[:40]!r}: the labelled image comes as jpg only")
    return bool(words)


def _regions(said: Mapping[str, Any], usual: float) -> list[Wanted]:
    regions = _field(said, "regions", list, [])
    if len(regions) > MOST_REGIONS:
        raise Refusal(400, f"regions: there are {len(regions)}; give at most {MOST_REGIONS}")
    return [_region(region, usual) for region in regions]


def _region(region: Any, usual: float) -> Wanted:
    if not isinstance(region, dict):
        raise Refusal(400, "regions: give a list of objects with top, left, bottom, right, detect")
    edges = {name: _number(region, name) for name in ("left", "top", "right", "bottom")}
    covers = bool(_field(region, "covers", bool, False))
    return Wanted(_percents(region, usual), **edges, covers=covers)


def _percents(said: Mapping[str, Any], usual: float) -> dict[str, float]:
    detect = _field(said, "detect", dict, {})
    percents = {label: _number(detect, label) for label in detect}
    for label, percent in percents.items():
        if not 0 <= percent <= 100:  # not for NaN either
            raise Refusal(400, f"detect: {label[:40]!r}: give a percentage from 0 to 100")
    return {label: percent or usual for label, percent in percents.items()}


def _number(said: Mapping[str, Any], name: str) -> float:
    value = said.get(name)
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise Refusal(400, f"{name[:40]!r}: give a number")
    return float(value)


def _field(said: Mapping[str, Any], name: str, kind: type, default: Any) -> Any:
    """What is said, the default where that is nothing or null; raises Refusal for another kind."""
    value = said.get(name)
    if value is None:
        return default
    if not isinstance(value, kind):
        raise Refusal(400, f"{name}: give {KINDS[kind]}")
    return value
