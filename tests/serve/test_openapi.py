"""The document, against OpenAPI's own rules and against what the server answers."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from support.served import served

import darknet_py
from darknet_py.serve import app
from darknet_py.serve.application import OPERATIONS
from darknet_py.serve.detect_facts import DETECT_RESPONSES
from darknet_py.serve.openapi import document, schema_of
from darknet_py.serve.operation import Operation
from darknet_py.version import __version__

ROOT = Path(__file__).resolve().parents[2]
IMAGE = (ROOT / "data" / "shapes-2.jpg").read_bytes()
ROWS = [(row, method) for row in OPERATIONS for method in row.methods]
JSON = "application/json"


@pytest.fixture(scope="module")
def detector() -> darknet_py.Detector:
    return darknet_py.load(ROOT / "cfg" / "shapes.cfg", ROOT / "data" / "shapes.weights")


async def endpoint(request: Request) -> Response:
    return PlainTextResponse("")


def failure(status: int, words: str) -> dict[str, Any]:
    return {"success": False, "error": words, "code": status}


MADE = (
    Operation("/a/{name}/{number:int}", ("GET", "POST"), endpoint, "Words", "One", {"content": {}}),
    Operation(
        "/b/{rest:path}",
        ("GET",),
        endpoint,
        "More",
        "Two",
        responses={"200": {"description": "yes"}},
        parameters=({"name": "rest", "in": "path", "required": True, "schema": {}},),
        error=failure,
        free=True,
    ),
)


def test_operations_become_paths() -> None:
    made = document(MADE, token=False, root="/boxes")
    assert made["openapi"] == "3.1.0" and made["info"]["version"] == __version__
    assert made["servers"] == [{"url": "/boxes"}]
    assert made["tags"] == [{"name": "One"}, {"name": "Two"}]
    assert set(made["paths"]) == {"/a/{name}/{number}", "/b/{rest}"}
    first, second = made["paths"]["/a/{name}/{number}"], made["paths"]["/b/{rest}"]["get"]
    assert set(first) == {"get", "post"}
    assert first["post"]["requestBody"] == {"content": {}} and "requestBody" not in first["get"]
    places = [(one["name"], one["schema"]["type"]) for one in first["get"]["parameters"]]
    assert places == [("name", "string"), ("number", "integer")]
    assert [one["name"] for one in second["parameters"]] == ["rest"]
    assert second["responses"]["200"] == {"description": "yes"}
    assert second["tags"] == ["Two"] and second["summary"] == "More"


def test_refusals_are_as_each_dialect_words_them() -> None:
    made = document(MADE, token=False)
    content = made["paths"]["/b/{rest}"]["get"]["responses"]["default"]["content"][JSON]
    assert content["example"] == failure(400, "why it was refused")
    assert content["schema"] == {
        "type": "object",
        "required": ["success", "error", "code"],
        "properties": {
            "success": {"type": "boolean"},
            "error": {"type": "string"},
            "code": {"type": "integer"},
        },
    }


def test_a_token_is_asked_for_where_it_is_needed() -> None:
    open_to_all, guarded = document(MADE, token=False), document(MADE, token=True)
    assert "security" not in open_to_all and "components" not in open_to_all
    assert guarded["security"] == [{"bearer": []}, {"basic": []}]
    assert set(guarded["components"]["securitySchemes"]) == {"bearer", "basic"}
    assert guarded["paths"]["/b/{rest}"]["get"]["security"] == []
    assert "security" not in guarded["paths"]["/a/{name}/{number}"]["get"]


def test_schemas_of_values() -> None:
    value = {"a": [1.5], "b": {"c": None}, "d": []}
    assert schema_of(value)["properties"] == {
        "a": {"type": "array", "items": {"type": "number"}},
        "b": {"type": "object", "required": ["c"], "properties": {"c": {"type": "null"}}},
        "d": {"type": "array"},
    }


@pytest.mark.parametrize("token", [False, True])
@pytest.mark.parametrize("rows", [OPERATIONS, MADE], ids=["ours", "made"])
def test_it_is_an_openapi_document(rows: tuple[Operation, ...], token: bool) -> None:
    validator = pytest.importorskip(
        "openapi_spec_validator", reason="needs pip install openapi-spec-validator"
    )
    validator.validate(document(rows, token=token), cls=validator.OpenAPIV31SpecValidator)


def test_both_forms_of_an_answer_are_documented(port: int) -> None:
    schema = DETECT_RESPONSES["200"]["content"][JSON]["schema"]
    for said, form in zip(("0", "1"), schema["anyOf"], strict=True):
        answer = httpx.post(f"http://127.0.0.1:{port}/detect?rows={said}", content=IMAGE).json()
        require_fit(answer, form)
        assert set(answer) == set(form["properties"])


def test_every_route_is_in_the_document(detector: darknet_py.Detector) -> None:
    application = app(detector, token="secret")
    with served(application) as port:
        answer = httpx.get(f"http://127.0.0.1:{port}/openapi.json", auth=("", "secret"))
    routes = [route for route in application.routes if isinstance(route, Route)]
    assert len(routes) == len(application.routes) >= 7
    expected = {
        (re.sub(r":\w+}", "}", route.path), method.lower())
        for route in routes
        for method in (route.methods or set()) - {"HEAD"}
    }
    paths = answer.json()["paths"]
    assert {(path, method) for path, item in paths.items() for method in item} == expected
    names = [one["operationId"] for item in paths.values() for one in item.values()]
    assert len(set(names)) == len(names)
    assert answer.json()["security"]


def ask(port: int, row: Operation, method: str) -> httpx.Response:
    url = f"http://127.0.0.1:{port}{row.path.replace('{model}', 'shapes')}"
    if method == "GET":
        return httpx.get(url)
    return httpx.post(url, files={"image": IMAGE})


@pytest.fixture(scope="module")
def port(detector: darknet_py.Detector) -> Any:
    with served(app(detector)) as port:
        yield port


ANSWERED = [
    pytest.param(row, method, id=f"{method} {row.path}")
    for row, method in ROWS
    if "schema" in row.responses.get("200", {}).get("content", {}).get(JSON, {})
]


@pytest.mark.parametrize(("row", "method"), ANSWERED)
def test_answers_are_as_documented(port: int, row: Operation, method: str) -> None:
    """The server's and the document's own example fit the schema, and have the same keys."""
    answer = ask(port, row, method)
    said = row.responses[str(answer.status_code)]["content"][JSON]
    assert answer.headers["content-type"] == JSON
    require_fit(answer.json(), said.get("schema", {}))
    if "example" in said:
        require_fit(said["example"], said["schema"])
        assert keys(answer.json()) == keys(said["example"])


def keys(value: Any) -> Any:
    """Of all objects in it; of a list those of its first one."""
    if isinstance(value, dict):
        return {key: keys(one) for key, one in value.items()}
    return [keys(value[0])] if isinstance(value, list) and value else None


KINDS: dict[str, Any] = {
    "object": dict,
    "array": list,
    "string": str,
    "boolean": bool,
    "integer": int,
    "number": (int, float),
    "null": type(None),
}


def require_fit(value: Any, schema: dict[str, Any]) -> None:
    """As jsonschema checks it, as far as our documents go; they use no other words."""
    assert set(schema) <= CHECKS.keys() | {"description", "default", "examples"}
    for word, said in schema.items():
        if word in CHECKS:
            assert CHECKS[word](value, said), (word, value, schema)


def is_of(value: Any, kinds: str | list[str]) -> bool:
    names = [kinds] if isinstance(kinds, str) else kinds
    return any(
        isinstance(value, KINDS[name]) and (name == "boolean" or not isinstance(value, bool))
        for name in names
    )


def fits(value: Any, schema: dict[str, Any]) -> bool:
    try:
        require_fit(value, schema)
    except AssertionError:
        return False
    return True


CHECKS: dict[str, Callable[[Any, Any], bool]] = {
    "type": is_of,
    "enum": lambda value, choices: value in choices,
    "minimum": lambda value, least: value >= least,
    "maximum": lambda value, most: value <= most,
    "required": lambda value, names: set(names) <= set(value),
    "properties": lambda value, all_: all(fits(value[k], all_[k]) for k in all_ if k in value),
    "items": lambda value, one: all(fits(item, one) for item in value),
    "anyOf": lambda value, some: any(fits(value, one) for one in some),
}


@pytest.mark.parametrize(
    ("value", "schema"),
    [
        ({}, {"required": ["a"]}),
        ({"a": 1}, {"properties": {"a": {"type": "string"}}}),
        ([1, "x"], {"items": {"type": "integer"}}),
        (True, {"type": "integer"}),
        (1.5, {"maximum": 1}),
        (-1, {"minimum": 0}),
        (2, {"enum": [1]}),
        (None, {"type": ["boolean", "integer"]}),
        ({"b": 1}, {"anyOf": [{"required": ["a"]}, {"type": "array"}]}),
    ],
)
def test_what_does_not_fit_is_seen(value: Any, schema: dict[str, Any]) -> None:
    with pytest.raises(AssertionError):
        require_fit(value, schema)
