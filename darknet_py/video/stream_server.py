"""A port that a stream is served on, to many clients."""

from __future__ import annotations

import logging
import socket
import sys
import threading
import time
from http.server import ThreadingHTTPServer
from socketserver import TCPServer
from typing import Any

from darknet_py.video.addresses import REUSE, cannot_serve, resolved, url_of
from darknet_py.video.stream_handler import MOST_VIEWERS, StreamHandler
from darknet_py.video.stream_sender import StreamFormat, StreamSender

logger = logging.getLogger(__name__)

MOST_REQUESTS = 100
"""That are read at once, each by a thread; a connection that comes beyond is closed."""
POLL_SECONDS = 0.1
CUT_SECONDS = 1.0
"""For threads that read a request to end once they are cut off."""


class StreamServer(ThreadingHTTPServer):
    """Serves from the moment it is made until `close`.

    flag: the option that asked for it, for messages. host: address or name of this machine, "" for
    all its addresses. port: 0 for any free one. Raises OutputError where that cannot be had.
    """

    daemon_threads = True
    allow_reuse_address = REUSE
    request_queue_size = MOST_VIEWERS

    def __init__(self, flag: str, host: str, port: int, stream: StreamFormat) -> None:
        self.host = host
        self._requests: set[socket.socket] = set()
        self._changed = threading.Condition()
        try:
            self.address_family, address = resolved(host, port)
            super().__init__(address, self._handler)
        except (OSError, ValueError) as failure:
            raise cannot_serve(flag, host, port, failure) from None
        self.sender = StreamSender(stream, f"send {flag}")
        self._thread = threading.Thread(
            target=self.serve_forever, args=(POLL_SECONDS,), name=f"serve {flag}", daemon=True
        )
        self._thread.start()

    def _handler(self, *connection: Any) -> StreamHandler:
        return StreamHandler(self.sender, *connection)

    @property
    def url(self) -> str:
        """Where it is served, with the port that was found."""
        return url_of(self.host, self.server_port)

    def server_bind(self) -> None:
        """Without HTTPServer's question for the name of the address, which may take seconds."""
        TCPServer.server_bind(self)
        self.server_name, self.server_port = self.host, self.socket.getsockname()[1]

    def get_request(self) -> tuple[socket.socket, Any]:
        try:
            return super().get_request()
        except OSError:  # out of file descriptors: it would be tried again and again without pause
            time.sleep(POLL_SECONDS)
            raise

    def process_request(self, request: Any, client_address: Any) -> None:
        with self._changed:
            welcome = len(self._requests) < MOST_REQUESTS
            if welcome:
                self._requests.add(request)
        if welcome:
            super().process_request(request, client_address)
        else:
            self.shutdown_request(request)

    def shutdown_request(self, request: Any) -> None:
        super().shutdown_request(request)
        with self._changed:
            self._requests.discard(request)
            self._changed.notify_all()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that breaks off is nothing to speak of."""
        failure = sys.exc_info()[1]
        level = logging.DEBUG if isinstance(failure, OSError) else logging.WARNING
        logger.log(level, "%s: client %s: %s", self.url, client_address, failure)

    def close(self) -> None:
        """No more clients; those there are get the end of the stream, or are cut off soon."""
        self.shutdown()
        self.server_close()
        self._thread.join()
        self._cut_off()
        with self._changed:
            self._changed.wait_for(lambda: not self._requests, CUT_SECONDS)
        self.sender.close()

    def _cut_off(self) -> None:
        with self._changed:
            for connection in self._requests:  # those that were handed over are the sender's
                try:
                    connection.shutdown(socket.SHUT_RDWR)
                except OSError:  # gone already
                    continue
