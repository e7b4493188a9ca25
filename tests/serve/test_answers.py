"""Errors in the dialect of an operation, and what is said of those that are ours."""

from __future__ import annotations

import logging

import httpx
import pytest
from starlette.requests import Request
from starlette.responses import Response
from support.plain_app import operation, plain_app
from support.served import served

from darknet_py.errors import ImageError
from darknet_py.serve.refusal import Refusal


async def refused(request: Request) -> Response:
    raise Refusal(429, "slowly", {"Retry-After": "7"})


async def no_image(request: Request) -> Response:
    raise ImageError("image: none")


async def broken(request: Request) -> Response:
    raise ZeroDivisionError("a secret")


OPERATIONS = tuple(
    operation(
        f"/{name}",
        endpoint,
        "GET",
        error=lambda status, words: {"success": False, "code": status, "said": words},
    )
    for name, endpoint in {"refused": refused, "none": no_image, "broken": broken}.items()
)


@pytest.mark.parametrize(
    ("path", "status", "words"),
    [
        ("/refused", 429, "slowly"),
        ("/none", 400, "image: none"),
        ("/broken", 500, "internal error"),
    ],
)
def test_errors(path: str, status: int, words: str, caplog: pytest.LogCaptureFixture) -> None:
    with served(plain_app(*OPERATIONS)) as port, caplog.at_level(logging.INFO, "darknet_py"):
        answer = httpx.get(f"http://127.0.0.1:{port}{path}")
    assert answer.status_code == status
    assert answer.json() == {"success": False, "code": status, "said": words}
    assert answer.headers.get("retry-after") == ("7" if status == 429 else None)
    logged = [record.getMessage() for record in caplog.records]
    if status == 500:
        assert logged[0].startswith("GET /broken: internal error\nTraceback")
        assert logged[0].endswith("ZeroDivisionError: a secret")
    else:
        assert logged == []
