"""A viewer of the event loop: what it is sent, and the ways in which that ends."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from darknet_py.serve import live_response as module
from darknet_py.serve.live_response import ABORT, LiveFormat, LiveReader, LiveResponse
from darknet_py.video.broadcast import Broadcast

FORMAT = LiveFormat("text/x-numbers", b"(", b"|", b")")
PATIENCE = 20.0


class Viewer:
    """The server's side of one connection. after: messages after which nothing more is taken."""

    def __init__(self, feed: Broadcast[bytes], after: int | None = None, method: str = "GET"):
        self.after = after
        self.messages: list[Any] = []
        self.gone = asyncio.Event()
        self.aborted = self.asked = False
        scope = {"type": "http", "method": method, "extensions": {ABORT: {"call": self.abort}}}
        response = LiveResponse(FORMAT, feed)
        self.task = asyncio.create_task(response(scope, self.receive, self.send))

    def abort(self) -> None:
        self.aborted = True
        self.gone.set()

    async def receive(self) -> dict[str, Any]:
        if not self.asked:
            self.asked = True
            return {"type": "http.request", "body": b""}
        await self.gone.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: Any) -> None:
        if self.after is not None and len(self.messages) >= self.after:
            await asyncio.Event().wait()
        self.messages.append(message)

    @property
    def body(self) -> list[bytes]:
        return [message["body"] for message in self.messages[1:]]


async def until(condition: Callable[[], object]) -> None:
    end = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < end, "it did not come to be"
        await asyncio.sleep(0.002)


def run(scene: Callable[[Broadcast[bytes]], Coroutine[Any, Any, None]], depth: int = 9) -> None:
    feed: Broadcast[bytes] = Broadcast(depth)
    asyncio.run(asyncio.wait_for(scene(feed), PATIENCE))
    assert feed.readers == 0


def test_values_go_out_in_one_piece_each_until_the_end() -> None:
    async def scene(feed: Broadcast[bytes]) -> None:
        viewer = Viewer(feed)
        await until(lambda: viewer.body)
        for value in (b"1", b"22", b"3"):
            await asyncio.to_thread(feed.publish, value)
        await until(lambda: len(viewer.body) == 4)
        await asyncio.to_thread(feed.close)
        await viewer.task
        assert viewer.body == [b"(", b"1", b"|22", b"|3", b")"]
        more = [message["more_body"] for message in viewer.messages[1:]]
        assert more == [True] * 4 + [False]
        headers = dict(viewer.messages[0]["headers"])
        assert headers[b"content-type"] == b"text/x-numbers; charset=utf-8"
        assert headers[b"cache-control"] == b"no-cache, private"
        assert b"content-length" not in headers
        assert not viewer.aborted

    run(scene)


def test_the_end_comes_to_who_waits_for_a_first_value() -> None:
    async def scene(feed: Broadcast[bytes]) -> None:
        viewer = Viewer(feed)
        await until(lambda: viewer.body)
        feed.close()
        await viewer.task
        assert viewer.body == [b"(", b")"]

    run(scene)


def test_who_leaves_while_nothing_comes_is_noticed() -> None:
    async def scene(feed: Broadcast[bytes]) -> None:
        viewer = Viewer(feed)
        await until(lambda: feed.readers == 1)
        viewer.gone.set()
        await viewer.task
        assert not viewer.aborted

    run(scene)


def test_who_is_slow_loses_values_and_holds_up_nobody() -> None:
    async def scene(feed: Broadcast[bytes]) -> None:
        slow, fast = Viewer(feed, after=2), Viewer(feed)
        await until(lambda: slow.body and fast.body)
        for number in range(5):
            feed.publish(b"%d" % number)
            await until(lambda count=number: len(fast.body) == 2 + count)
        assert fast.body == [b"(", b"0", b"|1", b"|2", b"|3", b"|4"]
        assert slow.body == [b"("]
        assert feed.dropped == 3  # one is on its way, one waits
        slow.gone.set()
        feed.close()
        await asyncio.gather(slow.task, fast.task)

    run(scene, depth=1)


@pytest.mark.parametrize("limit", ["STALL_SECONDS", "CLOSING_SECONDS"])
def test_who_takes_nothing_is_given_up(limit: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Soon at the end of the stream, and after a while before that."""
    monkeypatch.setattr(module, "LOOK_SECONDS", 0.01)
    monkeypatch.setattr(module, limit, 0.05)

    async def scene(feed: Broadcast[bytes]) -> None:
        viewer = Viewer(feed, after=2)
        await until(lambda: viewer.body)
        feed.publish(b"1")
        if limit == "CLOSING_SECONDS":
            await asyncio.sleep(0.1)
            assert not viewer.aborted
            feed.close()
        await viewer.task
        assert viewer.aborted

    run(scene)


def test_who_waits_long_for_a_value_is_not_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LOOK_SECONDS", 0.01)
    monkeypatch.setattr(module, "STALL_SECONDS", 0.02)

    async def scene(feed: Broadcast[bytes]) -> None:
        viewer = Viewer(feed)
        await until(lambda: viewer.body)
        await asyncio.sleep(0.1)
        feed.publish(b"1")
        await until(lambda: len(viewer.body) == 2)
        feed.close()
        await viewer.task
        assert not viewer.aborted

    run(scene)


def test_a_server_without_the_extension_is_left_to_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LOOK_SECONDS", 0.01)
    monkeypatch.setattr(module, "STALL_SECONDS", 0.05)

    async def scene(feed: Broadcast[bytes]) -> None:
        async def never(message: Any) -> None:
            await asyncio.Event().wait()

        async def receive() -> Any:
            await asyncio.Event().wait()

        await LiveResponse(FORMAT, feed)({"type": "http", "method": "GET"}, receive, never)

    run(scene)


def test_what_the_server_raises_is_its_own() -> None:
    async def scene(feed: Broadcast[bytes]) -> None:
        async def broken(message: Any) -> None:
            raise ArithmeticError("socket")

        viewer = Viewer(feed, after=0)
        with pytest.raises(ArithmeticError, match="^socket$"):
            await LiveResponse(FORMAT, feed)(
                {"type": "http", "method": "GET"}, viewer.receive, broken
            )
        viewer.gone.set()
        await viewer.task

    run(scene)


def test_head_has_no_body() -> None:
    async def scene(feed: Broadcast[bytes]) -> None:
        viewer = Viewer(feed, method="HEAD")
        await viewer.task
        assert viewer.body == [b""]

    run(scene)


def test_a_value_for_a_loop_that_is_over_is_nobodys() -> None:
    feed: Broadcast[bytes] = Broadcast(1)

    async def join() -> LiveReader:
        return LiveReader(feed)

    reader = asyncio.run(join())
    feed.publish(b"1")
    reader.leave()
    assert feed.readers == 0
