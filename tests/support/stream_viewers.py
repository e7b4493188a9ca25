"""Viewers of an MJPEG stream in a process of their own: fast ones, slow ones, and one that dies.

python stream_viewers.py HOST PORT: runs until its standard input ends, and prints how many frames
each of the fast ones took.
"""

from __future__ import annotations

import contextlib
import selectors
import socket
import struct
import sys
import time

FAST, SLOW = 20, 20
BOUNDARY = b"--mjpegstream"


def connect(address: tuple[str, int]) -> socket.socket:
    connection = socket.create_connection(address)
    connection.sendall(b"GET / HTTP/1.0\r\n\r\n")
    connection.setblocking(False)
    return connection


def kill(connection: socket.socket) -> None:
    """Gone without a word: the other side gets a reset."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


def look(address: tuple[str, int]) -> list[int]:
    """Every second slow viewer reads 1 KB a second, the others nothing; one dies every second."""
    taken = [0] * FAST
    slow = [connect(address) for _ in range(SLOW)]
    with selectors.DefaultSelector() as ready:
        ready.register(sys.stdin, selectors.EVENT_READ)
        for number in range(FAST):
            ready.register(connect(address), selectors.EVENT_READ, number)
        doomed, next_second = connect(address), time.monotonic() + 1
        while True:
            for key, _ in ready.select(max(0, next_second - time.monotonic())):
                if key.fileobj is sys.stdin:
                    return taken
                data = key.fileobj.recv(65_536)  # type: ignore[union-attr]
                if not data:
                    ready.unregister(key.fileobj)
                taken[key.data] += data.count(BOUNDARY)
            if time.monotonic() >= next_second:
                next_second += 1
                kill(doomed)
                with contextlib.suppress(OSError):  # the stream is over
                    doomed = connect(address)
                    for connection in slow[::2]:
                        connection.recv(1024)


if __name__ == "__main__":
    frames = look((sys.argv[1], int(sys.argv[2])))
    sys.stdout.write(" ".join(map(str, frames)))
