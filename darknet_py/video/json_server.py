"""The boxes of each frame as JSON over HTTP: one array that grows as long as the video goes on."""

from __future__ import annotations

import logging

from darknet_py.files import encoded
from darknet_py.video.broadcast import Broadcast
from darknet_py.video.output import OutputFrame
from darknet_py.video.stream_sender import Payload, StreamFormat
from darknet_py.video.stream_server import StreamServer

logger = logging.getLogger(__name__)

MOST_WAITING = 256
"""Entries that wait for one client: ten seconds of a camera, a few hundred bytes each."""


class JsonServer:
    """An output: each client gets AlexeyAB's JSON array, from the frame on at which it came.

    host, port: as in StreamServer. Raises OutputError.
    """

    def __init__(self, host: str, port: int) -> None:
        self._entries: Broadcast[Payload] = Broadcast(MOST_WAITING)
        stream = StreamFormat("application/json", self._entries, b"[\n", b", \n", b"\n]")
        self._server = StreamServer("-json_port", host, port, stream)
        self.url = self._server.url

    @property
    def clients(self) -> int:
        """How many read now."""
        return self._server.sender.viewers

    @property
    def dropped(self) -> int:
        """Entries that clients were too slow for, summed over all of them."""
        return self._entries.dropped

    def write(self, frame: OutputFrame) -> None:
        if self.clients:
            # Made here and not where it is sent: what waits would hold the frame's pixels.
            entry = encoded(frame.json)
            self._server.sender.publish(lambda: entry)

    def close(self) -> None:
        """Clients get what waits for them, and the end of the array."""
        self._server.close()
        if self.dropped:
            logger.warning("-json_port: clients that read slowly lost %d entries", self.dropped)
