"""What stands around the application, seen over a port."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Mount
from support.plain_app import SIZE, operation, plain_app
from support.raw_http import exchange, head
from support.served import served

PAGE = "http://nas:8123"
ASKED = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "authorization"}


async def hello(request: Request) -> Response:
    return JSONResponse("hello")


async def kept(request: Request) -> Response:
    return Response("kept", headers={"Cache-Control": "max-age=9"})


async def stream(request: Request) -> Response:
    async def parts() -> AsyncIterator[bytes]:
        for _ in range(3):
            yield b"part"

    return StreamingResponse(parts())


OPERATIONS = (
    SIZE,
    operation("/hello", hello, "GET"),
    operation("/kept", kept, "GET"),
    operation("/stream", stream, "GET"),
)


@pytest.fixture(scope="module")
def client() -> object:
    app = plain_app(*OPERATIONS, allow_origin=(f"{PAGE}/",))
    with served(app) as port, httpx.Client(base_url=f"http://127.0.0.1:{port}") as client:
        yield client


def test_headers_of_all_answers(client: httpx.Client) -> None:
    for path in ("/hello", "/none", "/stream"):
        headers = client.get(path).headers
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["cache-control"] == "no-store"
        assert "server" not in headers and "access-control-allow-origin" not in headers
    assert client.get("/kept").headers["cache-control"] == "max-age=9"
    assert client.get("/stream").text == "part" * 3


def test_an_allowed_page(client: httpx.Client) -> None:
    answer = client.get("/hello", headers={"Origin": PAGE})
    assert answer.status_code == 200
    assert answer.headers["access-control-allow-origin"] == PAGE
    answer = client.options("/size", headers={"Origin": PAGE, **ASKED})
    assert answer.status_code == 200
    assert answer.headers["access-control-allow-origin"] == PAGE
    assert "POST" in answer.headers["access-control-allow-methods"]
    assert "Authorization" in answer.headers["access-control-allow-headers"]


def test_another_page(client: httpx.Client) -> None:
    for answer in (
        client.get("/hello", headers={"Origin": "http://evil.example"}),
        client.options("/size", headers={"Origin": "http://evil.example", **ASKED}),
    ):
        assert answer.status_code == 403
        assert answer.json()["error"].startswith("pages of http://evil.example may not use")
        assert "access-control-allow-origin" not in answer.headers
        assert answer.headers["x-content-type-options"] == "nosniff"


def test_heads_of_a_sensible_size(client: httpx.Client) -> None:
    assert client.get("/hello", params={"a": "x" * 8000}).status_code == 200
    assert client.get("/hello", params={"a": "x" * 8200}).status_code == 414
    assert client.get("/" + "x" * 8200).status_code == 414
    many = [(f"x-{number}", "1") for number in range(101)]
    assert client.get("/hello", headers=many[:80]).status_code == 200
    assert client.get("/hello", headers=many).status_code == 431
    assert client.get("/hello", headers={"x": "y" * 16_000}).status_code == 200
    assert client.get("/hello", headers={"x": "y" * 16_400}).status_code == 431


def test_unknown_paths_and_methods(client: httpx.Client) -> None:
    assert client.get("/none").json() == {"error": "Not Found"}
    assert client.get("/hello/").status_code == 404  # no redirection
    answer = client.put("/hello")
    assert answer.status_code == 405 and answer.json() == {"error": "Method Not Allowed"}
    assert set(answer.headers["allow"].split(", ")) == {"GET", "HEAD"}
    answer = client.head("/hello")
    assert answer.status_code == 200 and answer.headers["content-length"] == "7"


def test_below_another_application() -> None:
    inner = plain_app(*OPERATIONS, token="secret12", allow_origin=(PAGE,))
    outer = Starlette(routes=[Mount("/vision", inner)])
    outer.state.service = inner.state.service
    right = {"Authorization": "Bearer secret12"}
    with served(outer) as port, httpx.Client(base_url=f"http://127.0.0.1:{port}/vision") as client:
        assert client.post("/size", content=b"123", headers=right).json() == {"size": 3}
        assert client.post("/size", content=b"123").status_code == 401
        assert client.get("/stream", headers=right).text == "part" * 3
        assert client.get("/none").json() == {"error": "Not Found"}
        assert client.get("/hello", headers={"Origin": "http://evil.example"}).status_code == 403


def test_an_old_client() -> None:
    with served(plain_app(*OPERATIONS)) as port:
        assert exchange(port, b"GET /hello HTTP/1.0\r\n\r\n").body == b'"hello"'
        assert exchange(port, head("GET /hello HTTP/1.1")).body == b'"hello"'
