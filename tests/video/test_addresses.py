"""Addresses to serve on."""

from __future__ import annotations

import socket

import pytest

from darknet_py.errors import OutputError
from darknet_py.video.addresses import bound, url_of


def test_a_port_is_held_before_anybody_can_connect() -> None:
    with bound("--port", "127.0.0.1", 0) as made:
        port = made.getsockname()[1]
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", port), 5)
        made.listen()
        with pytest.raises(OutputError) as refused:
            bound("--port", "127.0.0.1", port)
        words = f"--port {port}: cannot be served on 127.0.0.1: Address already in use; stop the"
        assert str(refused.value).startswith(words)
    bound("--port", "127.0.0.1", port).close()


@pytest.mark.parametrize(
    ("host", "port", "words"),
    [
        ("127.0.0.1", 65_536, "there is no such port"),
        ("192.0.2.1", 0, "give an address of this machine"),
        ("no.such.name.invalid", 0, "give an address of this machine"),
    ],
)
def test_what_cannot_be_had(host: str, port: int, words: str) -> None:
    with pytest.raises(OutputError, match=words):
        bound("--port", host, port)


def test_what_a_browser_opens() -> None:
    assert url_of("0.0.0.0", 80) == url_of("", 80) == url_of("::", 80) == "http://localhost:80"
    assert url_of("10.0.0.1", 5000) == "http://10.0.0.1:5000"
    assert url_of("::1", 5000) == "http://[::1]:5000"
