"""An application behind a real port of this machine, for as long as a test lasts."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn
from starlette.applications import Starlette

from darknet_py.serve.http_protocol import ConnectionLimits
from darknet_py.serve.http_server import Server
from darknet_py.video.addresses import bound


@contextmanager
def served(app: Starlette, limits: ConnectionLimits | None = None) -> Iterator[int]:
    """The port. limits: of connections to an application of ours; one that ours is mounted in has
    uvicorn's."""
    ours = hasattr(app.state, "service")
    server = Server(app, limits) if ours else uvicorn.Server(uvicorn.Config(app, log_config=None))
    listener = bound("--port", "127.0.0.1", 0)
    thread = threading.Thread(target=server.run, args=([listener],), daemon=True)
    thread.start()
    while not server.started:
        assert thread.is_alive(), "the server ended at its start"
        time.sleep(0.01)
    try:
        yield listener.getsockname()[1]
    finally:
        server.should_exit = True
        thread.join()
