"""Many clients at once in one thread, which cost the processor little: what a server can stand."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

END_OF_HEAD = b"\r\n\r\n"
LENGTH = b"content-length:"
PATIENCE = 1800.0
"""Seconds after which requests that are not answered count as lost."""
SHOWN = 5
"""Wrong answers that are kept to be looked at."""


@dataclass(frozen=True)
class Exchange:
    """request: all its bytes. bodies: what may come back, with a status of 200; the first one is
    the usual."""

    request: bytes = field(repr=False)  # an image's bytes help nobody
    bodies: tuple[bytes, ...]


@dataclass
class LoadReport:
    """What became of the requests.

    latencies: seconds of each that was answered, from its first byte to the answer's last. wrong:
    answers with another status or body, the first ones kept in `examples`. unusual: those that are
    right, and not the first of what may come back. seconds: of all of it.
    """

    requests: int
    latencies: list[float] = field(default_factory=list)
    wrong: int = 0
    unusual: int = 0
    examples: list[tuple[bytes, Exchange]] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def lost(self) -> int:
        """Requests that have no answer at all."""
        return self.requests - len(self.latencies)

    @property
    def rate(self) -> float:
        """Answers a second."""
        return len(self.latencies) / self.seconds

    def milliseconds(self, share: float) -> float:
        """The time that this share of the requests did not exceed."""
        ordered = sorted(self.latencies)
        return 1000 * ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def head_and_length(data: bytes | bytearray) -> tuple[bytes, int] | None:
    """An answer's head and the length of all of it; None while the head has not come."""
    end = data.find(END_OF_HEAD)
    if end < 0:
        return None
    head = bytes(data[:end])
    _, found, rest = head.lower().partition(LENGTH)
    length = int(rest.split(b"\r\n", 1)[0]) if found else 0
    return head, end + len(END_OF_HEAD) + length


class _Client(asyncio.Protocol):
    """A connection that is kept, with one request at a time on it."""

    def __init__(
        self, todo: Iterator[Exchange], report: LoadReport, watch: Callable[[int], None]
    ) -> None:
        self.todo, self.report, self.watch = todo, report, watch
        self.done = asyncio.get_running_loop().create_future()
        self.data = bytearray()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.WriteTransport)
        self.transport = transport
        self.send()

    def send(self) -> None:
        exchange = next(self.todo, None)
        if exchange is None:
            self.transport.close()
            return
        self.exchange, self.start = exchange, time.perf_counter()
        self.transport.write(exchange.request)

    def data_received(self, data: bytes) -> None:
        self.data += data
        known = head_and_length(self.data)
        if known is None or len(self.data) < known[1]:
            return
        head, length = known
        self.answered(head, bytes(self.data[len(head) + len(END_OF_HEAD) : length]))
        del self.data[:length]
        self.send()

    def answered(self, head: bytes, body: bytes) -> None:
        report, bodies = self.report, self.exchange.bodies
        report.latencies.append(time.perf_counter() - self.start)
        if b" 200 " in head[:13] and body in bodies:
            report.unusual += body != bodies[0]
        else:
            report.wrong += 1
            if len(report.examples) < SHOWN:
                report.examples.append((head + END_OF_HEAD + body, self.exchange))
        self.watch(len(report.latencies))

    def connection_lost(self, error: Exception | None) -> None:
        if not self.done.done():
            self.done.set_result(None)


def load(
    port: int,
    exchanges: Sequence[Exchange],
    clients: int,
    watch: Callable[[int], None] = lambda answered: None,
) -> LoadReport:
    """Sends all requests, each by whatever client is free; `watch` is told of each answer.

    A client whose connection ends takes no more; nothing is sent twice.
    """
    report = LoadReport(len(exchanges))
    start = time.perf_counter()
    asyncio.run(_run(port, exchanges, clients, report, watch))
    report.seconds = time.perf_counter() - start
    return report


async def _run(
    port: int,
    exchanges: Sequence[Exchange],
    clients: int,
    report: LoadReport,
    watch: Callable[[int], None],
) -> None:
    loop = asyncio.get_running_loop()
    todo = iter(exchanges)
    opened = [
        (await loop.create_connection(lambda: _Client(todo, report, watch), "127.0.0.1", port))[1]
        for _ in range(clients)
    ]
    await asyncio.wait([client.done for client in opened], timeout=PATIENCE)
