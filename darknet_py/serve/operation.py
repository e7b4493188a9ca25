"""One path of the API: who answers, and what is written about it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

Endpoint = Callable[[Request], Awaitable[Response]]


@dataclass(frozen=True)
class Operation:
    """A row of a table OPERATIONS: the routes and the OpenAPI document are made from these.

    path: as Starlette writes it. methods: HEAD comes with GET. summary: in a few words. section:
    its heading in the document. request, responses, parameters: as OpenAPI 3.1 has them, where
    request is its `requestBody`. error: from a refusal's status and words to the JSON of this
    dialect. free: answered without the token. token_field, token_header: of the form, and of the
    request, in which clients of this dialect send it.
    """

    path: str
    methods: tuple[str, ...]
    endpoint: Endpoint
    summary: str
    section: str
    request: Mapping[str, Any] | None = None
    responses: Mapping[str, Any] = field(default_factory=dict)
    parameters: tuple[Mapping[str, Any], ...] = ()
    error: Callable[[int, str], dict[str, Any]] = lambda status, words: {"error": words}
    free: bool = False
    token_field: str = ""
    token_header: str = ""
