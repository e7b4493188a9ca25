"""A response without an end: what is published by a thread, to a viewer of the event loop."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from starlette.responses import Response
from starlette.types import Message, Receive, Scope, Send

from darknet_py.video.broadcast import DroppingQueue
from darknet_py.video.stream_handler import HEADERS
from darknet_py.video.stream_sender import CLOSING_SECONDS, STALL_SECONDS

LOOK_SECONDS = 1.0
"""After which is looked whether a viewer still takes what it gets."""
ABORT = "darknet_py.abort"
"""Of the scope's extensions: its "call" cuts the connection off, with what was not taken yet."""


class Feed(Protocol):
    """Whoever joins gets what is published from then on; see Broadcast."""

    def join(self, changed: Callable[[], object]) -> DroppingQueue[bytes]: ...

    def leave(self, queue: DroppingQueue[bytes]) -> None: ...


@dataclass(frozen=True)
class LiveFormat:
    """opening, between, closing: the bytes before, between, after the values."""

    content_type: str
    opening: bytes = b""
    between: bytes = b""
    closing: bytes = b""


class LiveReader:
    """One viewer, on the event loop that it was made on: no thread waits for its values."""

    def __init__(self, feed: Feed) -> None:
        loop = asyncio.get_running_loop()
        self._feed = feed
        self._event = asyncio.Event()

        def changed() -> None:
            with contextlib.suppress(RuntimeError):  # the loop is closed; nobody looks any more
                loop.call_soon_threadsafe(self._event.set)

        self._queue = feed.join(changed)

    async def take(self) -> bytes | None:
        """The next value, waited for; None at the end."""
        while True:
            self._event.clear()
            value = self._queue.take(0)
            if value is not None or self._queue.ended:
                return value
            await self._event.wait()

    @property
    def closed(self) -> bool:
        return self._queue.closed

    def leave(self) -> None:
        self._feed.leave(self._queue)


class LiveResponse(Response):
    """Goes on until the feed ends, the viewer leaves, or takes nothing for too long."""

    def __init__(self, live: LiveFormat, feed: Feed) -> None:
        self.status_code = 200
        self.media_type = live.content_type
        self.background = None
        self.init_headers(HEADERS)
        self._live = live
        self._feed = feed
        self._busy_since: float | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["method"] == "HEAD":
            await send(self._start)
            await send({"type": "http.response.body", "body": b""})
            return
        reader = LiveReader(self._feed)
        sending = asyncio.create_task(self._send_all(reader, send))
        leaving = asyncio.create_task(_disconnected(receive))
        try:
            if not await self._ended(reader, sending, leaving):
                _abort(scope)
                await asyncio.wait((leaving,), timeout=LOOK_SECONDS)
        finally:
            reader.leave()
            for task in (sending, leaving):
                task.cancel()
            await asyncio.gather(sending, leaving, return_exceptions=True)

    @property
    def _start(self) -> Message:
        return {
            "type": "http.response.start",
            "status": self.status_code,
            "headers": self.raw_headers,
        }

    async def _send_all(self, reader: LiveReader, send: Send) -> None:
        await self._send(send, self._start)
        await self._send(send, _body(self._live.opening))
        between = b""
        while (value := await reader.take()) is not None:
            # In one piece, so that readers who know nothing of HTTP's chunks find each whole.
            await self._send(send, _body(between + value))
            between = self._live.between
        await self._send(send, _body(self._live.closing, more=False))

    async def _send(self, send: Send, message: Message) -> None:
        """Waits until what was sent before has been taken."""
        self._busy_since = asyncio.get_running_loop().time()
        await send(message)
        self._busy_since = None

    async def _ended(
        self, reader: LiveReader, sending: asyncio.Task[None], leaving: asyncio.Task[None]
    ) -> bool:
        """Waits for the end; False for a viewer that has to be given up."""
        first = asyncio.FIRST_COMPLETED
        while True:
            done, _ = await asyncio.wait(
                (sending, leaving), timeout=LOOK_SECONDS, return_when=first
            )
            if sending in done:
                sending.result()
            if done:
                return True
            if self._stalled(CLOSING_SECONDS if reader.closed else STALL_SECONDS):
                return False

    def _stalled(self, seconds: float) -> bool:
        since = self._busy_since
        return since is not None and asyncio.get_running_loop().time() - since > seconds


async def _disconnected(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


def _body(data: bytes, more: bool = True) -> Message:
    return {"type": "http.response.body", "body": data, "more_body": more}


def _abort(scope: Scope) -> None:
    """Where the server has no such extension the viewer's connection ends when it takes the
    rest."""
    extension = scope.get("extensions", {}).get(ABORT)
    if extension is not None:
        extension["call"]()
