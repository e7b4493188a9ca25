"""The HTTP of a connection: uvicorn's, with limits on how long and how many.

uvicorn by itself waits without end for a request's head, for the rest of a body that was refused,
and for a client that does not read its answer; and it takes connections until the system has none.
"""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus

import h11
import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from darknet_py.serve.guards import MOST_HEAD_BYTES, NO_GUESS, NO_STORE
from darknet_py.serve.live_response import ABORT
from darknet_py.video.stream_handler import SEND_BUFFER

HALF_CLOSED_SECONDS = 1.0
"""That an answer may take when a client has closed its sending side: whether it still listens, or
has gone, cannot be seen, and work for who has gone should end soon."""
HEADERS = [
    (b"content-type", b"application/json"),
    NO_GUESS,
    NO_STORE,
    (b"connection", b"close"),
]


@dataclass(frozen=True)
class ConnectionLimits:
    """head_seconds: for the head of a request, and to read on what was refused already.
    stall_seconds: that a client may leave its answer unread. idle_seconds: that a connection is
    kept for the next request. most: connections at once; beyond, the one that has waited longest
    for its client makes room."""

    head_seconds: float = 10.0
    stall_seconds: float = 30.0
    idle_seconds: float = 60.0
    most: int = 500


class LimitedConfig(uvicorn.Config):
    """limits: for LimitedProtocol, which uvicorn hands its configuration."""

    limits = ConnectionLimits()


class LimitedProtocol(H11Protocol):
    """One connection."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)  # type: ignore[arg-type]
        connection = transport.get_extra_info("socket")
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER)
        self.limits: ConnectionLimits = self.config.limits  # type: ignore[attr-defined]
        self.timeout_keep_alive = self.limits.idle_seconds
        self.since = self.loop.time()
        self._timers: dict[Callable[[], None], asyncio.TimerHandle] = {}
        self._start(self._late, self.limits.head_seconds)
        if len(self.connections) > self.limits.most:
            self._make_room()

    def connection_lost(self, exc: Exception | None) -> None:
        for call in list(self._timers):
            self._stop(call)
        super().connection_lost(exc)

    def handle_events(self) -> None:
        super().handle_events()
        if self.cycle is not None:
            self.cycle.scope["extensions"] = {ABORT: {"call": self.transport.abort}}

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        self._watch()

    def eof_received(self) -> bool | None:  # type: ignore[override]
        """A whole request is answered even so; what lacks its end is not."""
        if self.transport.is_closing():
            return None
        if self.answering and not self.cycle.more_body:
            self.cycle.keep_alive = False
            self._start(self._left, HALF_CLOSED_SECONDS)
            return True
        if self.answering or self.conn.trailing_data[0]:
            self.refuse(400, "the request breaks off before its end")
        return None

    def on_response_complete(self) -> None:
        super().on_response_complete()
        self._watch()

    def pause_writing(self) -> None:
        super().pause_writing()
        self._start(self._stalled, self.limits.stall_seconds)

    def resume_writing(self) -> None:
        super().resume_writing()
        self._stop(self._stalled)

    def shutdown(self) -> None:
        if not self.transport.is_closing():
            super().shutdown()

    def send_400_response(self, msg: str) -> None:
        """uvicorn's call for what is no HTTP."""
        flood = len(self.conn.trailing_data[0]) > MOST_HEAD_BYTES
        self.refuse(431 if flood else 400, "the headers are too long" if flood else msg)

    @property
    def answering(self) -> bool:
        """Whether the application is at work on a request."""
        return self.cycle is not None and not self.cycle.response_complete

    @property
    def patience(self) -> int | None:
        """How soon it makes room for others, least first; None while its request is answered."""
        if self.transport.is_closing():
            return 0
        if not self.answering:
            return 1
        return 2 if self.cycle.more_body else None

    def refuse(self, status: int, words: str, *more: tuple[bytes, bytes]) -> None:
        """Answers by itself, unless an answer has begun, and closes."""
        if self.cycle is not None:  # who waits for the body gives up
            self.cycle.disconnected = True
            self.cycle.message_event.set()
        if self.conn.our_state not in (h11.IDLE, h11.SEND_RESPONSE):
            self.transport.abort()
            return
        body = json.dumps({"error": words}).encode()
        headers = [*HEADERS, *more, (b"content-length", str(len(body)).encode())]
        reason = HTTPStatus(status).phrase.encode()
        answer = h11.Response(status_code=status, headers=headers, reason=reason)
        for event in (answer, h11.Data(data=body), h11.EndOfMessage()):
            self.transport.write(self.conn.send(event) or b"")
        self.transport.close()

    def give_way(self) -> None:
        """Closes at once."""
        self.transport.abort()

    def _make_room(self) -> None:
        others = [other for other in self.connections if isinstance(other, LimitedProtocol)]
        ranks = {other: other.patience for other in others if other is not self}
        ready = [(rank, other.since, other) for other, rank in ranks.items() if rank is not None]
        if ready:
            min(ready, key=lambda row: row[:2])[2].give_way()
        else:
            self.refuse(503, "too many connections; try again later", (b"retry-after", b"1"))

    def _watch(self) -> None:
        """Sees to it that one timer runs while the client has to send something."""
        if self.answering or self.transport.is_closing():
            self._stop(self._late)
        elif self.conn.their_state is h11.SEND_BODY or self.conn.trailing_data[0]:
            self._start(self._late, self.limits.head_seconds)
        elif self.timeout_keep_alive_task is None:
            self._stop(self._late)
            wait = self.timeout_keep_alive
            self.timeout_keep_alive_task = self.loop.call_later(
                wait, self.timeout_keep_alive_handler
            )

    def _late(self) -> None:
        if self.conn.trailing_data[0]:
            self.refuse(408, "the head of the request did not arrive in time")
        else:
            self.transport.abort()

    def _stalled(self) -> None:
        self.transport.abort()

    def _left(self) -> None:
        self.transport.abort()

    def _start(self, call: Callable[[], None], seconds: float) -> None:
        """Unless it runs already."""
        if call not in self._timers:
            self._timers[call] = self.loop.call_later(seconds, call)

    def _stop(self, call: Callable[[], None]) -> None:
        timer = self._timers.pop(call, None)
        if timer is not None:
            timer.cancel()
