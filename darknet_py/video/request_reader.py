"""What a client sends, read under a limit of time and of bytes."""

from __future__ import annotations

import io
import socket
import time
from typing import Any


class RequestReader(io.RawIOBase):
    """The bytes that come in on a connection, for a request that holds nobody up.

    seconds: from now; whoever still sends then, however slowly, is given up with TimeoutError.
    most: bytes; whoever sends more is given up with ConnectionAbortedError.
    """

    def __init__(self, connection: socket.socket, seconds: float, most: int) -> None:
        super().__init__()
        self._connection = connection
        self._end = time.monotonic() + seconds
        self._left = most

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        """Sets the connection's timeout to the time that is left."""
        if not self._left:
            raise ConnectionAbortedError("the request is too long")
        seconds = self._end - time.monotonic()
        if seconds <= 0:
            raise TimeoutError("the request took too long")
        self._connection.settimeout(seconds)
        count = self._connection.recv_into(memoryview(buffer)[: self._left])
        self._left -= count
        return count
