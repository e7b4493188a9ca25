"""Viewers of an MJPEG stream in a process of their own: fast ones, slow ones, and one that dies.

python stream_viewers.py HOST PORT SECONDS: prints the frames that each fast viewer took.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
import sys

FAST, SLOW = 20, 20
BOUNDARY = b"--mjpegstream"


async def connect(host: str, port: int) -> socket.socket:
    connection = socket.socket()
    connection.setblocking(False)
    loop = asyncio.get_running_loop()
    await loop.sock_connect(connection, (host, port))
    await loop.sock_sendall(connection, b"GET / HTTP/1.0\r\n\r\n")
    return connection


async def fast(host: str, port: int, taken: list[int], number: int) -> None:
    """Reads all there is; a viewer's work is to look for the boundary."""
    loop = asyncio.get_running_loop()
    with await connect(host, port) as connection:
        while data := await loop.sock_recv(connection, 65_536):
            taken[number] += data.count(BOUNDARY)


async def slow(host: str, port: int, number: int) -> None:
    """Every second one reads 1 KB a second, the others nothing at all."""
    loop = asyncio.get_running_loop()
    with await connect(host, port) as connection:
        while True:
            await asyncio.sleep(1)
            if number % 2 and not await loop.sock_recv(connection, 1024):
                return


async def killed(host: str, port: int) -> None:
    """Every second one comes, looks, and is gone without a word."""
    while True:
        connection = await connect(host, port)
        await asyncio.sleep(1)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        connection.close()


async def look(host: str, port: int, seconds: float) -> list[int]:
    taken = [0] * FAST
    viewers = [
        *(fast(host, port, taken, number) for number in range(FAST)),
        *(slow(host, port, number) for number in range(SLOW)),
        killed(host, port),
    ]
    tasks = [asyncio.ensure_future(viewer) for viewer in viewers]
    with contextlib.suppress(asyncio.TimeoutError):
        await asyncio.wait_for(asyncio.gather(*tasks), seconds)
    return taken


if __name__ == "__main__":
    address, port, seconds = sys.argv[1], int(sys.argv[2]), float(sys.argv[3])
    print(*asyncio.run(look(address, port, seconds)))
