"""The token: how it may be said, and who needs none."""

from __future__ import annotations

import asyncio
import base64
import logging
import time
from collections.abc import Iterator

import pytest
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from support.plain_app import SIZE, operation, plain_app, size
from support.raw_http import exchange, head, multipart, posted
from support.served import served

from darknet_py.serve import tokens
from darknet_py.serve.tokens import token_in

TOKEN = "sésame-öffne-dich"


def basic(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


@pytest.mark.parametrize(
    ("said", "token"),
    [
        ("Bearer abc", "abc"),
        ("bearer   abc ", "abc"),
        (f"Basic {basic('anyone:a:b')}", "a:b"),
        (f"Basic {basic(':abc')}", "abc"),
        (f"Basic {basic('abc')}", ""),
        ("Basic !!!", ""),
        ("Basic /w==", ""),
        ("Basic \u00e9", ""),
        ("Digest abc", ""),
        ("abc", ""),
        ("", ""),
    ],
)
def test_how_it_is_said(said: str, token: str) -> None:
    assert token_in(said) == token


async def hello(request: Request) -> Response:
    return JSONResponse("hello")


OPERATIONS = (
    SIZE,
    operation("/free", hello, "GET", free=True),
    operation("/closed", hello, "GET"),
    operation("/form", size, token_field="api_key"),
)


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tokens, "WRONG_SECONDS", 0.0)
        with served(plain_app(*OPERATIONS, token=TOKEN)) as port:
            yield port


def get(port: int, path: str, *headers: str) -> int:
    return exchange(port, head(f"GET {path} HTTP/1.1", *headers)).status


def test_who_knows_it_is_let_in(port: int) -> None:
    plain, user = basic(f"me:{TOKEN}"), f"Bearer {TOKEN}".encode().decode("latin-1")
    assert get(port, "/closed", f"Authorization: Basic {plain}") == 200
    assert get(port, "/closed", f"Authorization: {user}") == 200
    assert get(port, "/free") == 200


def test_who_does_not_is_asked_for_it(port: int) -> None:
    answer = exchange(port, head("GET /closed HTTP/1.1"))
    assert answer.status == 401
    assert answer.headers["www-authenticate"] == 'Basic realm="darknet-py"'
    assert answer.error == "this server asks for its token"
    page = exchange(port, head("GET /closed HTTP/1.1", "X-Requested-With: fetch"))
    assert page.headers["www-authenticate"] == 'Bearer realm="darknet-py"'
    wrong = exchange(port, head("GET /closed HTTP/1.1", "Authorization: Bearer no"))
    assert wrong.status == 401 and wrong.error == "this is not the token of this server"
    assert get(port, "/closed", "Authorization: Digest x") == 401


def test_a_wrong_one_waits_and_is_said_once(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tokens, "WRONG_SECONDS", 0.02)
    start = time.monotonic()
    gate = tokens.TokenGate(TOKEN)
    with caplog.at_level(logging.WARNING, "darknet_py"):
        for address in ("1.2.3.4", "1.2.3.4", "5.6.7.8"):
            asyncio.run(gate._slow_down(address))
    assert [record.getMessage() for record in caplog.records] == [
        "a wrong token came from 1.2.3.4",
        "a wrong token came from 5.6.7.8",
    ]
    assert time.monotonic() - start > 0.06


def form(*parts: tuple[str, bytes], path: str = "/form") -> bytes:
    return posted(multipart(*parts), "Content-Type: multipart/form-data; boundary=b0", path=path)


IMAGE = ('; name="image"; filename="a.jpg"', b"12345")


def key(token: str) -> tuple[str, bytes]:
    return '; name="api_key"', token.encode()


def test_it_may_be_a_field_of_the_form(port: int) -> None:
    right = exchange(port, form(IMAGE, key(TOKEN)))
    assert right.status == 200 and right.body == b'{"size":5}'
    assert exchange(port, form(IMAGE)).status == 401
    assert exchange(port, form(IMAGE, key("wrong"))).status == 401
    assert exchange(port, form(IMAGE, key(TOKEN), path="/size")).status == 401


def test_it_may_be_a_field_of_a_short_form(port: int) -> None:
    urlencoded = "Content-Type: application/x-www-form-urlencoded"
    body = b"api_key=s%C3%A9same-%C3%B6ffne-dich"
    assert exchange(port, posted(body, urlencoded, path="/form")).status == 200
    assert exchange(port, posted(body[:-1], urlencoded, path="/form")).status == 401


def test_the_body_of_a_stranger_is_not_read(port: int) -> None:
    closed = head("POST /size HTTP/1.1", "Content-Length: 1000", "Expect: 100-continue")
    assert exchange(port, closed).status == 401
    image = head("POST /form HTTP/1.1", "Content-Length: 1000", "Expect: 100-continue")
    assert exchange(port, image).status == 401


def test_no_token_lets_everybody_in() -> None:
    with served(plain_app(*OPERATIONS)) as open_port:
        assert get(open_port, "/closed") == 200
