"""What one request may take: bytes, memory and time."""

from __future__ import annotations

import asyncio
from concurrent.futures import Future

import httpx
import pytest
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import Message
from support.plain_app import operation, plain_app
from support.raw_http import answer_on, chunked, connect, exchange, head, posted
from support.served import served

from darknet_py.options.serving import ServerOptions
from darknet_py.serve import http_protocol
from darknet_py.serve.operation import Endpoint
from darknet_py.serve.refusal import Refusal
from darknet_py.serve.request_limits import BodyMemory, LimitedRequest, RequestLimits

KILO = 1000


def test_a_body_of_the_largest_size_is_taken() -> None:
    with served(plain_app(max_mb=0.01)) as port:
        url = f"http://127.0.0.1:{port}/size"
        assert httpx.post(url, content=b"x" * 10 * KILO).json() == {"size": 10 * KILO}
        refused = httpx.post(url, content=b"x" * (10 * KILO + 1))
    assert refused.status_code == 413
    assert refused.json() == {"error": "the request is too large; 0.01 MB are the most (--max-mb)"}


def test_what_is_too_large_is_refused_before_it_comes() -> None:
    with served(plain_app(max_mb=0.01)) as port:
        lengthy = head("POST /size HTTP/1.1", "Content-Length: 10001", "Expect: 100-continue")
        assert exchange(port, lengthy).status == 413
        most = head("POST /size HTTP/1.1", "Content-Length: 10000", "Expect: 100-continue")
        with connect(port) as connection:
            connection.sendall(most)
            assert connection.recv(100).startswith(b"HTTP/1.1 100 ")


def test_a_body_in_chunks_is_counted_as_it_comes() -> None:
    start = head("POST /size HTTP/1.1", "Transfer-Encoding: chunked")
    with served(plain_app(max_mb=0.01)) as port:
        assert exchange(port, start, chunked(b"x" * 6000, b"x" * 4000)).status == 200
        assert exchange(port, start, chunked(b"x" * 6000, b"x" * 4001)).status == 413
        assert exchange(port, start, b"2711\r\n" + b"x" * 10001).status == 413  # and no end


def test_after_a_refusal_the_connection_goes_on() -> None:
    with served(plain_app(max_mb=0.01)) as port, connect(port) as connection:
        connection.sendall(posted(b"x" * 100 * KILO, path="/size"))
        assert answer_on(connection).status == 413
        connection.sendall(posted(b"x", path="/size"))
        assert answer_on(connection).body == b'{"size":1}'


def test_a_body_that_is_encoded_again_is_not_taken() -> None:
    with served(plain_app()) as port:
        answer = exchange(port, posted(b"x", "Content-Encoding: gzip", path="/size"))
    assert answer.status == 415 and "send the body as it is" in answer.error


def test_a_body_that_does_not_arrive_is_given_up() -> None:
    start = head("POST /size HTTP/1.1", "Content-Length: 5")
    with served(plain_app(timeout=0.1)) as port:
        answer = exchange(port, start, b"1234")
    assert answer.status == 408
    assert answer.error == "the request did not arrive within 0.1 seconds"


def test_an_answer_that_takes_too_long_is_given_up() -> None:
    future: Future[int] = Future()

    async def wait(request: Request) -> Response:
        await request.body()
        return JSONResponse(await asyncio.wrap_future(future))

    with served(plain_app(operation("/wait", wait), timeout=0.1)) as port:
        answer = exchange(port, posted(b"x", path="/wait"))
    assert answer.status == 503 and answer.headers["retry-after"] == "1"
    assert answer.error == "no answer within 0.1 seconds; try again later"
    assert future.cancelled()


def test_what_a_client_does_not_wait_for_is_cancelled(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http_protocol, "HALF_CLOSED_SECONDS", 0.01)
    future: Future[int] = Future()
    ended = Future[bool]()
    future.add_done_callback(lambda future: ended.set_result(future.cancelled()))

    async def wait(request: Request) -> Response:
        await request.body()
        asyncio.get_running_loop().call_soon(connection.close)
        return JSONResponse(await asyncio.wrap_future(future))

    with served(plain_app(operation("/wait", wait))) as port:
        connection = connect(port)
        connection.sendall(posted(b"x", path="/wait"))
        assert ended.result(20)


def request_of(*messages: Message) -> Request:
    """A request whose body comes in these; then nothing."""
    rest = iter(messages)

    async def receive() -> Message:
        for message in rest:
            return message
        await asyncio.Event().wait()
        raise AssertionError

    scope = {"type": "http", "headers": [], "method": "POST", "path": "/"}
    return Request(scope, receive)


def part(size: int, more: bool = False) -> Message:
    return {"type": "http.request", "body": b"x" * size, "more_body": more}


async def limited(request: Request, limits: RequestLimits, endpoint: Endpoint) -> Response:
    return await LimitedRequest(request, limits).answer(endpoint)


async def whole(request: Request) -> Response:
    return Response(await request.body())


def test_memory_is_that_of_requests_without_an_answer() -> None:
    limits = RequestLimits(100, 10, BodyMemory(150))
    seen = []

    async def nested(request: Request) -> Response:
        await request.body()
        seen.append(limits.memory.taken)
        with pytest.raises(Refusal, match="too many requests are being read") as refused:
            await limited(request_of(part(60), part(1)), limits, whole)
        assert refused.value.status == 503 and refused.value.headers == {"Retry-After": "1"}
        return await limited(request_of(part(50)), limits, whole)

    asyncio.run(limited(request_of(part(40, True), part(60)), limits, nested))
    assert seen == [100] and limits.memory.taken == 0


def test_the_memory_for_all_bodies_follows_from_the_largest_one() -> None:
    limits = RequestLimits.of(ServerOptions(max_mb=2))
    assert limits.most_bytes == 2_000_000 and limits.memory.most == 32_000_000


def test_a_client_that_goes_while_it_sends_is_told_apart() -> None:
    limits = RequestLimits(100, 10, BodyMemory(150))
    request = request_of(part(10, True), {"type": "http.disconnect"})
    with pytest.raises(Refusal) as refused:
        asyncio.run(limited(request, limits, whole))
    assert refused.value.status == 499 and limits.memory.taken == 0


def test_the_answer_has_a_time_of_its_own() -> None:
    deadlines = []

    async def run() -> Response:
        request = LimitedRequest(request_of(part(1)), RequestLimits(100, 10, BodyMemory(150)))

        async def endpoint(body: Request) -> Response:
            deadlines.append(request._time.deadline)
            await asyncio.sleep(0.02)
            await body.body()
            deadlines.append(request._time.deadline)
            return Response()

        return await request.answer(endpoint)

    asyncio.run(run())
    assert deadlines[1] - deadlines[0] >= 0.02
