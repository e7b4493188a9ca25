"""Addresses of this machine to serve on: how they are asked for, bound, and said."""

from __future__ import annotations

import errno
import os
import socket
from typing import Any

from darknet_py.errors import OutputError
from darknet_py.options.video import MOST_PORT

EVERYWHERE = {"": "localhost", "0.0.0.0": "localhost", "::": "localhost"}
"""All addresses of this machine -> one that a browser on it opens."""
CURES = {
    errno.EADDRINUSE: "stop the program that has it, or give another port (0: any free one)",
    errno.EACCES: "give a port from 1024 on (0: any free one)",
    errno.EADDRNOTAVAIL: "give an address of this machine, or 0.0.0.0 for all of them",
}
CURE = "give an address of this machine (0.0.0.0: all of them) and a port up to 65535"
REUSE = os.name == "posix"
"""A port just left may be had again. On Windows it would mean that two programs share it."""


def resolved(host: str, port: int) -> tuple[socket.AddressFamily, Any]:
    """The family and the address to bind to; of several that of IPv4, which everybody reaches."""
    if not 0 <= port <= MOST_PORT:  # the system takes the rest of a division
        raise ValueError("there is no such port")
    found = socket.getaddrinfo(host or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    family, _, _, _, address = min(found, key=lambda entry: entry[0] != socket.AF_INET)
    return family, address


def bound(flag: str, host: str, port: int) -> socket.socket:
    """A socket that has the address; nobody can connect before its `listen`.

    flag: the option that asked for it, for messages. host: address or name of this machine, "" for
    all its addresses. port: 0 for any free one. Raises OutputError where that cannot be had.
    """
    try:
        family, address = resolved(host, port)
        # asyncio sends without delay only what says that it is TCP.
        made = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    except (OSError, ValueError) as failure:
        raise cannot_serve(flag, host, port, failure) from None
    try:
        if REUSE:
            made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        made.bind(address)
    except OSError as failure:
        made.close()
        raise cannot_serve(flag, host, port, failure) from None
    return made


def url_of(host: str, port: int) -> str:
    """What a browser on this machine opens."""
    host = EVERYWHERE.get(host, host)
    return f"http://{f'[{host}]' if ':' in host else host}:{port}"


def cannot_serve(flag: str, host: str, port: int, failure: Exception) -> OutputError:
    """With the reason and its cure."""
    number = getattr(failure, "errno", None)
    reason = getattr(failure, "strerror", None) or str(failure)
    cure = CURES.get(number, CURE) if number is not None else CURE
    return OutputError(f"{flag} {port}: cannot be served on {host or '0.0.0.0'}: {reason}; {cure}")
