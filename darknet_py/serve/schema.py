"""Pieces of JSON schemas, for what is written about the paths in the OpenAPI document."""

from __future__ import annotations

from typing import Any

TEXT, WHOLE = {"type": "string"}, {"type": "integer"}
NUMBER, YES_OR_NO = {"type": "number"}, {"type": "boolean"}
SHARE = {"type": "number", "minimum": 0, "maximum": 1}


def record(**properties: Any) -> dict[str, Any]:
    """The schema of an object with these properties, all of them there."""
    return {"type": "object", "properties": properties, "required": list(properties)}


def list_of(items: dict[str, Any]) -> dict[str, Any]:
    return {"type": "array", "items": items}


def answer(words: str, schema: dict[str, Any]) -> dict[str, Any]:
    """A response of JSON."""
    return {"description": words, "content": {"application/json": {"schema": schema}}}
