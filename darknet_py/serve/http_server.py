"""The server: uvicorn's, which ends as commands of this program do."""

from __future__ import annotations

import contextlib
import logging
import math
import socket
from collections.abc import Iterator

import uvicorn
from starlette.applications import Starlette

from darknet_py.options.serving import TOKEN_VARIABLE
from darknet_py.serve.guards import MOST_HEAD_BYTES
from darknet_py.serve.http_protocol import (
    ConnectionLimits,
    LimitedConfig,
    LimitedProtocol,
)
from darknet_py.serve.library_messages import library_messages
from darknet_py.serve.service import Service
from darknet_py.signals import StopSignal
from darknet_py.video.addresses import EVERYWHERE, cannot_serve, url_of

logger = logging.getLogger(__name__)

BACKLOG = 1024
LEAST_TOKEN = 8
"""Characters; what is shorter can be guessed."""


class Server(uvicorn.Server):
    """app: of `application.build`. limits: of connections; None: the usual ones."""

    def __init__(self, app: Starlette, limits: ConnectionLimits | None = None) -> None:
        self.service: Service = app.state.service
        seconds = self.service.options.timeout
        config = LimitedConfig(
            app,
            http=LimitedProtocol,
            ws="none",
            lifespan="on",
            log_config=None,
            log_level="warning",
            access_log=False,
            proxy_headers=False,
            server_header=False,
            backlog=BACKLOG,
            timeout_graceful_shutdown=math.ceil(seconds),
            h11_max_incomplete_event_size=MOST_HEAD_BYTES,
        )
        config.limits = limits or ConnectionLimits(stall_seconds=seconds)
        super().__init__(config)

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leaves them to `serve`: uvicorn would end the process by the signal, not with 0."""
        yield

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self.service.stop_streams()
        await super().shutdown(sockets)

    def stop(self) -> None:
        """From any thread: no new connections; what was taken is answered."""
        self.should_exit = True


def serve(app: Starlette, listener: socket.socket, host: str) -> None:
    """Answers until Ctrl-C, SIGTERM or SIGHUP; then what was taken is answered within the time that
    requests have, and it returns. A second signal ends the process at once.

    listener: of `bound`; it is closed. host: what was asked for. Raises OutputError where the
    port has been taken meanwhile.
    """
    server = Server(app)
    port = listener.getsockname()[1]
    try:
        listener.listen(BACKLOG)
    except OSError as failure:
        listener.close()
        raise cannot_serve("--port", host, port, failure) from None
    with StopSignal(then=server.stop), library_messages():
        announce(host, port, server.service.options.token)
        server.run([listener])


def announce(host: str, port: int, token: str | None) -> None:
    """Where it is served, and who can reach it."""
    logger.info("serving at %s (Ctrl-C ends it)", url_of(host, port))
    if token is None and is_open(host):
        logger.warning(
            "other machines reach it, too, and need no token; set $%s, or give --host 127.0.0.1",
            TOKEN_VARIABLE,
        )
    if token is not None and len(token) < LEAST_TOKEN:
        logger.warning("the token is short; give one of %d characters or more", LEAST_TOKEN)


def is_open(host: str) -> bool:
    """Whether other machines may reach that address of this one."""
    if host in EVERYWHERE:
        return True
    address = str(socket.getaddrinfo(host, None)[0][4][0])
    return not (address.startswith("127.") or address == "::1")
