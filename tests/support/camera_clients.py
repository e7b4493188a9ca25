"""Programs of cameras, each as it writes its request and reads the answer."""

from __future__ import annotations

import base64
import http.client
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

BOUNDARY = "0c6f8a5e41d94b7f9a3b6a7d2f10c0de"
PYTHON = {"User-Agent": "python-requests/2.32.3", "Accept-Encoding": "gzip, deflate"}
DETECTION = "/v1/vision/detection"
VERSION_PARTS = {
    "major",
    "minor",
    "patch",
    "preRelease",
    "securityUpdate",
    "build",
    "file",
    "releaseNotes",
}


class ClientError(Exception):
    """What a client reports in place of detections."""


@dataclass(frozen=True)
class Answer:
    """An HTTP answer; `said` is its JSON."""

    status: int
    headers: Mapping[str, str]
    said: Any


def exchange(
    port: int,
    method: str,
    path: str,
    body: bytes | None = None,
    headers: Mapping[str, str] | None = None,
) -> Answer:
    """One request over a connection of its own."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        connection.request(method, path, body, dict(headers or {}))
        response = connection.getresponse()
        text = response.read()
        return Answer(response.status, dict(response.headers), json.loads(text))
    finally:
        connection.close()


def post_form(
    port: int,
    path: str,
    parts: Sequence[tuple[Sequence[str], bytes]],
    boundary: str = BOUNDARY,
    headers: Mapping[str, str] | None = None,
) -> Answer:
    """A multipart form of parts as they are given, each of header lines and content. boundary: as
    the Content-Type has it, in quotes or not."""
    mark = boundary.strip('"')
    pieces = []
    for lines, content in parts:
        head = "\r\n".join((f"--{mark}", *lines, "", "")).encode()
        pieces.append(head + content + b"\r\n")
    body = b"".join(pieces) + f"--{mark}--\r\n".encode()
    kind = {"Content-Type": f"multipart/form-data; boundary={boundary}"}
    return exchange(port, "POST", path, body, {**kind, **(headers or {})})


def requests_form(port: int, path: str, fields: Mapping[str, object], image: bytes) -> Answer:
    """As Python's requests writes `data=fields, files={"image": image}`: fields first, and the file
    is called as its field."""
    parts: list[tuple[list[str], bytes]] = [
        ([f'Content-Disposition: form-data; name="{name}"'], str(value).encode())
        for name, value in fields.items()
    ]
    parts.append((['Content-Disposition: form-data; name="image"; filename="image"'], image))
    return post_form(port, path, parts, headers=PYTHON)


def frigate(port: int, image: bytes, size: tuple[int, int], labels: Sequence[str]) -> list[Any]:
    """Rows of label, confidence, top, left, bottom, right of a tensor of that width and height. It
    stops at the first one that is too weak or unknown, and breaks where more than 20 are not."""
    said = requests_form(port, DETECTION, {"api_key": ""}, image).said
    rows: list[Any] = []
    width, height = size
    for found in said.get("predictions") or []:
        label = "car" if found["label"] == "truck" else found["label"].lower()
        if found["confidence"] < 0.4 or label not in labels:
            break
        top, bottom = found["y_min"] / height, found["y_max"] / height
        left, right = found["x_min"] / width, found["x_max"] / width
        rows.append((label, float(found["confidence"]), top, left, bottom, right))
    if len(rows) > 20:
        raise ClientError("index 20 is out of bounds")
    return rows


def viseron(port: int, image: bytes, min_confidence: float, model: str = "") -> list[Any]:
    """The codeprojectai package, which Viseron uses."""
    path = f"/v1/vision/custom/{model}" if model else DETECTION
    return _predictions(requests_form(port, path, {"min_confidence": min_confidence}, image))


def home_assistant(port: int, image: bytes, model: str = "") -> list[Any]:
    """The deepstack package, with which Home Assistant's integration always asks for .1."""
    fields = {"api_key": "", "min_confidence": 0.1}
    path = f"/v1/vision/custom/{model}" if model else DETECTION
    return _predictions(requests_form(port, path, fields, image))


def _predictions(answer: Answer) -> list[Any]:
    if answer.status != 200:
        raise ClientError(f"status code: {answer.status}")
    predictions: list[Any] = answer.said["predictions"]
    return predictions


def synoai(port: int, image: bytes, threshold: int) -> list[Any]:
    """.NET: names without quotes, a boundary in quotes, and the threshold as JSON in a part that
    has no name. None of the answer's whole numbers may have a point."""
    parts = [
        (
            ["Content-Disposition: form-data; name=image; filename=image; filename*=utf-8''image"],
            image,
        ),
        (
            ["Content-Type: application/json; charset=utf-8", "Content-Disposition: form-data"],
            json.dumps({"MinConfidence": threshold / 100}).encode(),
        ),
    ]
    answer = post_form(port, DETECTION, parts, f'"{BOUNDARY}"')
    if answer.status >= 300 or not answer.said["success"]:
        raise ClientError(f"status code {answer.status}")
    return [
        (found["label"], 100 * found["confidence"], *_whole(found))
        for found in answer.said["predictions"]
        if found["confidence"] >= threshold / 100
    ]


def aitool(port: int, image: bytes, lower: int, path: str = DETECTION) -> list[Any]:
    """.NET, with the threshold as a field of its own; an error is looked for in either answer."""
    parts = [
        (
            [
                "Content-Disposition: form-data; name=image; filename=front.20260101_120000.jpg; "
                "filename*=utf-8''front.20260101_120000.jpg"
            ],
            image,
        ),
        (
            [
                "Content-Type: text/plain; charset=utf-8",
                "Content-Disposition: form-data; name=min_confidence",
            ],
            str(lower / 100).encode(),
        ),
    ]
    answer = post_form(port, path, parts, f'"{BOUNDARY}"')
    said = answer.said
    if answer.status >= 300 or not said["success"] or said.get("error"):
        raise ClientError(f"{said['error']} ({answer.status})")
    assert said.get("label") is None  # else it would be a scene
    return [(found["label"], found["confidence"], *_whole(found)) for found in said["predictions"]]


def _whole(found: Mapping[str, Any]) -> tuple[int, ...]:
    corners = tuple(found[name] for name in ("x_min", "y_min", "x_max", "y_max"))
    if not all(type(value) is int for value in corners):
        raise ClientError(f"no whole numbers: {corners}")
    return corners


def blue_iris(port: int, image: bytes, min_confidence: float, model: str = "") -> list[Any]:
    """What servers for Blue Iris are written to: it looks for the server and its models first, and
    an answer in chunks is none for it."""
    update = exchange(port, "GET", "/v1/status/updateavailable").said
    if not update["success"] or any(
        set(update[k]) != VERSION_PARTS for k in ("version", "current", "latest")
    ):
        raise ClientError("not responding")
    listed = exchange(port, "POST", "/v1/vision/custom/list", b"").said["models"]
    if model and model not in listed:
        raise ClientError(f"{model} is not in {listed}")
    field = 'Content-Disposition: form-data; name="min_confidence"'
    file = 'Content-Disposition: form-data; name="image"; filename="image.jpg"'
    parts = [
        ([file, "Content-Type: image/jpeg"], image),
        ([field], f"{min_confidence:.2f}".encode()),
    ]
    path = f"/v1/vision/custom/{model}" if model else DETECTION
    answer = post_form(port, path, parts)
    if "transfer-encoding" in {name.lower() for name in answer.headers}:
        raise ClientError("an answer in chunks")
    return _predictions(answer)


class PyDoods:
    """The pydoods package and what Home Assistant's integration does with it."""

    def __init__(self, port: int, detector: str, auth_key: str = "") -> None:
        self.port, self.detector = port, detector
        self.headers = {**PYTHON, **({"doods-auth-key": auth_key} if auth_key else {})}
        detectors = exchange(port, "GET", "/detectors", headers=self.headers).said["detectors"]
        self.facts = next((each for each in detectors if each["name"] == detector), None)
        if self.facts is None:
            raise ClientError(f"Detector {detector} is not supported")

    def detect(self, data: bytes, percents: Mapping[str, float], **more: object) -> Any:
        """The answer's JSON; raises ClientError for a status of failure."""
        said = {
            "data": base64.b64encode(data).decode("ascii"),
            "detector_name": self.detector,
            "detect": percents,
            "id": "",
            **more,
        }
        headers = {**self.headers, "Content-Type": "application/json"}
        answer = exchange(self.port, "POST", "/detect", json.dumps(said).encode(), headers)
        if answer.status >= 400:
            raise ClientError(f"{answer.status}: {answer.said['error']}")
        return answer.said

    def matches(self, image: bytes, percents: Mapping[str, float]) -> dict[str, list[Any]]:
        """Label -> confidence in percent, top, left, bottom, right. What is not wholly inside the
        image is no match."""
        said = self.detect(image, percents)
        if "error" in said:
            raise ClientError(said["error"])
        matches: dict[str, list[Any]] = {}
        for found in said["detections"]:
            edges = [found[name] for name in ("top", "left", "bottom", "right")]
            if min(edges[:2]) >= 0 and max(edges[2:]) <= 1:
                matches.setdefault(found["label"], []).append((float(found["confidence"]), *edges))
        return matches
