"""What one request may take of this machine: bytes, memory and time."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import anyio
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Message

from darknet_py.options.serving import ServerOptions
from darknet_py.serve.refusal import Refusal

MEGABYTE = 1_000_000
BODIES = 16
"""Bodies of the largest size that may be in memory at once."""
GONE = 499
"""The status, in metrics, of a request whose client did not wait for the answer; no client sees
it. nginx made the number known."""
RETRY = {"Retry-After": "1"}


@dataclass
class BodyMemory:
    """Bytes of all requests that are not answered yet. most: what they may have in all."""

    most: int
    taken: int = 0

    def require(self, count: int) -> None:
        """Raises Refusal where so many more would be too many."""
        if self.taken + count > self.most:
            raise Refusal(503, "too many requests are being read; try again later", RETRY)

    def take(self, count: int) -> None:
        self.require(count)
        self.taken += count


@dataclass(frozen=True)
class RequestLimits:
    """most_bytes: of a body. seconds: for a body to arrive, and again for its answer to begin.
    memory: of all bodies together."""

    most_bytes: int
    seconds: float
    memory: BodyMemory

    @staticmethod
    def of(options: ServerOptions) -> RequestLimits:
        most_bytes = int(options.max_mb * MEGABYTE)
        return RequestLimits(most_bytes, options.timeout, BodyMemory(BODIES * most_bytes))

    def require_size(self, count: int) -> None:
        """Raises Refusal where a body of so many bytes is too large."""
        if count > self.most_bytes:
            most = self.most_bytes / MEGABYTE
            raise Refusal(413, f"the request is too large; {most:g} MB are the most (--max-mb)")


class LimitedRequest:
    """A request on its way to an endpoint, which reads its body from here.

    What is too large, too slow or not wanted any more raises Refusal where the endpoint reads the
    body; what takes too long, or whose client has gone, is cancelled where the endpoint waits.
    """

    def __init__(self, request: Request, limits: RequestLimits) -> None:
        self._request = request
        self._limits = limits
        self._time = anyio.CancelScope(deadline=anyio.current_time() + limits.seconds)
        self._taken = 0
        self._began = self._arrived = False
        self._gone = asyncio.Event()
        self._watch: asyncio.Task[None] | None = None

    async def answer(self, endpoint: Callable[[Request], Awaitable[Response]]) -> Response:
        """The endpoint's; raises Refusal, too. What it took is free again after it."""
        # With a state of its own: the server's outlives the answer, until Python looks for circles,
        # and a form in it has images of megabytes.
        scope = {**self._request.scope, "state": dict(self._request.scope.get("state", {}))}
        try:
            with self._time:
                return await endpoint(Request(scope, self.receive))
            raise self._cut_short()
        finally:
            self._limits.memory.taken -= self._taken
            if self._watch is not None:
                self._watch.cancel()

    async def receive(self) -> Message:
        """The next part of the body, and after the last one, that the client has gone."""
        if self._arrived:
            await self._gone.wait()
            return {"type": "http.disconnect"}
        if not self._began:
            self._began = True
            self._require_head()
        message = await self._request.receive()
        if message["type"] != "http.request":
            raise Refusal(GONE, "the client has gone")
        self._take(len(message.get("body", b"")))
        if not message.get("more_body", False):
            self._arrive()
        return message

    def _require_head(self) -> None:
        """What can be refused before a byte of the body is read."""
        headers = self._request.headers
        coding = headers.get("content-encoding", "identity").lower()
        if coding != "identity":
            raise Refusal(415, f"Content-Encoding {coding[:40]!r}: send the body as it is")
        length = headers.get("content-length", "")
        if length.isdecimal():  # servers refuse what is no number
            self._limits.require_size(int(length))
            self._limits.memory.require(int(length))

    def _take(self, count: int) -> None:
        self._limits.memory.take(count)
        self._taken += count
        self._limits.require_size(self._taken)

    def _arrive(self) -> None:
        self._arrived = True
        self._time.deadline = anyio.current_time() + self._limits.seconds
        self._watch = asyncio.create_task(self._see_who_goes())

    async def _see_who_goes(self) -> None:
        while (await self._request.receive())["type"] != "http.disconnect":
            continue
        self._gone.set()
        self._time.cancel()

    def _cut_short(self) -> Refusal:
        """Why the time was up."""
        if self._gone.is_set():
            return Refusal(GONE, "the client has gone")
        seconds = f"{self._limits.seconds:g} seconds"
        if not self._arrived and self._began:
            return Refusal(408, f"the request did not arrive within {seconds}")
        return Refusal(503, f"no answer within {seconds}; try again later", RETRY)
