"""What is streamed goes to all clients from one thread, to each as fast as it takes it.

A thread for each client would be simpler, and with twenty of them costs ten times the work of
sending: each frame wakes all of them, one after the other.
"""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from darknet_py.video.broadcast import Broadcast

Payload = Callable[[], bytes]
"""Gives the bytes of one value, the same ones each time; called on the sender's thread."""

STALL_SECONDS = 30.0
"""A client that takes nothing for so long is given up."""
CLOSING_SECONDS = 1.0
"""For clients to take the end of the stream, before they are cut off."""
LOOK_SECONDS = 0.02


@dataclass(frozen=True, eq=False)
class StreamFormat:
    """values: what is sent. opening, between, closing: the bytes before, between, after them."""

    content_type: str
    values: Broadcast[Payload]
    opening: bytes
    between: bytes
    closing: bytes


class StreamClient(asyncio.Protocol):
    """One client, on the sender's thread: it is given a value when it has taken the one before."""

    transport: asyncio.Transport

    def __init__(self, sender: StreamSender) -> None:
        self._sender = sender
        self._values = sender.stream.values.join()
        self._between = b""
        self._busy = False
        self._unsent = 0
        self._moved = time.monotonic()

    def connection_made(self, transport: Any) -> None:
        self.transport = transport
        transport.set_write_buffer_limits(high=0)
        self._sender.clients.add(self)
        transport.write(self._sender.stream.opening)
        self.send()

    def send(self) -> None:
        """What waits, as far as the client takes it, and the end after the last value."""
        if self.transport.is_closing():
            return
        while not self._busy and (payload := self._values.take(0)) is not None:
            try:
                data = payload()
            except Exception as failure:  # noqa: BLE001 - of drawing and encoding; raised by publish
                self._sender.failure = failure
                self.transport.abort()
                return
            self.transport.write(self._between + data)
            self._between = self._sender.stream.between
        if self._values.ended:
            self.transport.write(self._sender.stream.closing)
            self.transport.close()

    def pause_writing(self) -> None:
        self._busy = True

    def resume_writing(self) -> None:
        self._busy = False
        self.send()

    def give_up_if_stalled(self, now: float) -> None:
        unsent = self.transport.get_write_buffer_size()
        if unsent == 0 or unsent != self._unsent:
            self._unsent, self._moved = unsent, now
        elif now - self._moved > STALL_SECONDS:
            self.transport.abort()

    def connection_lost(self, failure: Exception | None) -> None:
        self._sender.clients.discard(self)
        self._sender.stream.values.leave(self._values)


class StreamSender:
    """Runs from the moment it is made until `close`. name: of its thread.

    clients: those there are, for its own thread. failure: what making the bytes of a value raised.
    """

    def __init__(self, stream: StreamFormat, name: str) -> None:
        self.stream = stream
        self.clients: set[StreamClient] = set()
        self.failure: Exception | None = None
        self._closed = False
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        self._loop.call_soon(self._look_for_stalled)
        self._loop.run_forever()
        self._loop.close()

    def _look_for_stalled(self) -> None:
        now = time.monotonic()
        for client in list(self.clients):
            client.give_up_if_stalled(now)
        self._loop.call_later(STALL_SECONDS / 4, self._look_for_stalled)

    @property
    def viewers(self) -> int:
        """How many are served now."""
        return self.stream.values.readers

    def add(self, connection: socket.socket) -> None:
        """A client to whom the headers were sent; from any thread but the sender's."""
        accepted = self._loop.connect_accepted_socket(lambda: StreamClient(self), connection)
        asyncio.run_coroutine_threadsafe(accepted, self._loop).result()

    def publish(self, payload: Payload) -> None:
        """Never waits; after `close` nothing more is sent.

        Raises what making the bytes of an earlier value raised.
        """
        if self.failure is not None:
            raise self.failure
        self.stream.values.publish(payload)
        if self.viewers and not self._closed:
            self._loop.call_soon_threadsafe(self._send_to_all)

    def _send_to_all(self) -> None:
        for client in list(self.clients):
            client.send()

    def close(self) -> None:
        """Clients get what waits for them and the end of the stream, or are cut off soon."""
        if self._closed:
            return
        self._closed = True
        self.stream.values.close()
        asyncio.run_coroutine_threadsafe(self._finish(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()

    async def _finish(self) -> None:
        self._send_to_all()
        await self._clients_gone(CLOSING_SECONDS)
        for client in list(self.clients):
            client.transport.abort()
        await self._clients_gone(CLOSING_SECONDS)

    async def _clients_gone(self, seconds: float) -> None:
        end = time.monotonic() + seconds
        while self.clients and time.monotonic() < end:
            await asyncio.sleep(LOOK_SECONDS)
