"""The OpenAPI document, made from the tables of operations."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from darknet_py.serve.operation import Operation
from darknet_py.version import __version__

Document = dict[str, Any]

TITLE = "darknet-py"
SUMMARY = "Objects in images, found by networks of Darknet."
PLACE = re.compile(r"{(\w+)(?::(\w+))?}")
"""Of a path: a name and Starlette's word for what it converts to."""
PLACE_TYPES = {"int": "integer", "float": "number"}
JSON_TYPES = {
    str: "string",
    bool: "boolean",
    int: "integer",
    float: "number",
    list: "array",
    dict: "object",
    type(None): "null",
}
SECURITY = {
    "bearer": {
        "type": "http",
        "scheme": "bearer",
        "description": "The token. DeepStack's clients send it as the form's field api_key.",
    },
    "basic": {
        "type": "http",
        "scheme": "basic",
        "description": "The token as the password, with any user name, as browsers ask for it.",
    },
}
"""Any one of these."""


def document(operations: Iterable[Operation], *, token: bool, root: str = "") -> Document:
    """The OpenAPI 3.1 document of these operations.

    token: one is needed. root: the path that the application is mounted at.
    """
    rows = list(operations)
    sections = dict.fromkeys(row.section for row in rows)
    made: Document = {
        "openapi": "3.1.0",
        "info": {"title": TITLE, "version": __version__, "summary": SUMMARY},
        "servers": [{"url": root or "/"}],
        "tags": [{"name": section} for section in sections],
        "paths": _paths(rows),
    }
    if token:
        made["components"] = {"securitySchemes": SECURITY}
        made["security"] = [{name: []} for name in SECURITY]
    return made


def _paths(rows: list[Operation]) -> Document:
    paths: dict[str, Document] = {}
    for row in rows:
        item = paths.setdefault(PLACE.sub(r"{\1}", row.path), {})
        for method in row.methods:
            item[method.lower()] = _operation(row, method)
    return paths


def _operation(row: Operation, method: str) -> Document:
    words = re.findall(r"\w+", row.path)
    made: Document = {
        "tags": [row.section],
        "summary": row.summary,
        "operationId": "_".join([method.lower(), *words]),
        "responses": _responses(row),
    }
    if parameters := [*row.parameters, *_places(row)]:
        made["parameters"] = parameters
    if row.request and method != "GET":
        made["requestBody"] = row.request
    if row.free:
        made["security"] = []
    return made


def _places(row: Operation) -> Iterator[Document]:
    """The parameters that stand in the path, but for those that the row tells of itself."""
    told = {parameter["name"] for parameter in row.parameters if parameter["in"] == "path"}
    for name, kind in PLACE.findall(row.path):
        if name not in told:
            schema = {"type": PLACE_TYPES.get(kind, "string")}
            yield {"name": name, "in": "path", "required": True, "schema": schema}


def _responses(row: Operation) -> Document:
    """The row's own, and a refusal as this dialect words it."""
    example = row.error(400, "why it was refused")
    content = {"schema": schema_of(example), "example": example}
    refusal = {"description": "Refused.", "content": {"application/json": content}}
    return {"default": refusal, **row.responses}


def schema_of(value: Any) -> Document:
    """A schema that this value fits, and others with the same keys and types."""
    schema: Document = {"type": JSON_TYPES[type(value)]}
    if isinstance(value, Mapping):
        schema["required"] = list(value)
        schema["properties"] = {key: schema_of(one) for key, one in value.items()}
    elif isinstance(value, list) and value:
        schema["items"] = schema_of(value[0])
    return schema


def json_response(description: str, example: Any) -> Document:
    """The responses of a row that answers with JSON such as this."""
    content = {"schema": schema_of(example), "example": example}
    return {"200": {"description": description, "content": {"application/json": content}}}
