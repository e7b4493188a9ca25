"""What is found, posted to a web address, as AlexeyAB's `-http_post_host` does."""

from __future__ import annotations

import base64
import logging
import threading
import time
import urllib.error
import urllib.request
from http import HTTPStatus
from http.client import HTTPException
from typing import Any
from urllib.parse import quote, unquote, urlsplit, urlunsplit

from darknet_py.detect.result import Result
from darknet_py.detect.result_text import json_rows
from darknet_py.errors import DarknetError
from darknet_py.files import encoded
from darknet_py.video.broadcast import DroppingQueue
from darknet_py.video.output import OutputFrame

logger = logging.getLogger(__name__)

TIMEOUT_SECONDS = 3.0
"""AlexeyAB's: for the connection, and for each answer of the other side."""
MOST_WAITING = 16
"""Texts; older ones tell of what is over."""
CLOSING_SECONDS = 2 * TIMEOUT_SECONDS
"""For what waits at the end of the video."""
SCHEMES = ("http", "https")
RESERVED = "%/:=&?~#+!$,;'@()*[]"
"""Of a path and a query, what is sent as it stands."""


class HttpPost:
    """An output: posts a text for each frame on which something is found, from a thread of its own.

    address: HOST[:PORT]/PATH or an http or https address, with user:password@ before the host if
    that is asked for. source: what the frames come from, for the text. once: nothing more after
    the first that arrived. Raises DarknetError for an address that cannot be one.

    sent, failed: texts that arrived and that did not. dropped: those that newer ones displaced.
    """

    def __init__(self, address: str, source: str, *, once: bool = False) -> None:
        self.url, self._headers = post_target(address)
        self.source = source
        self.once = once
        self.sent = self.failed = 0
        self._waiting: DroppingQueue[str] = DroppingQueue(MOST_WAITING)
        self._opener = urllib.request.build_opener(_RefusedRedirect)
        self._thread = threading.Thread(target=self._post_all, name="http post", daemon=True)
        self._thread.start()

    @property
    def dropped(self) -> int:
        return self._waiting.dropped

    @property
    def done(self) -> bool:
        """Whether nothing more will be posted."""
        return self.once and self.sent > 0

    def write(self, frame: OutputFrame) -> None:
        lines = found_lines(frame.result)
        if lines and not self.done:
            self._waiting.put(post_text(lines, self.source))

    def _post_all(self) -> None:
        while not self._waiting.ended:
            text = self._waiting.take(TIMEOUT_SECONDS)
            if text is not None and not self.done:
                self._attempt(text)

    def _attempt(self, text: str) -> None:
        try:
            self._post(text)
        except (OSError, HTTPException, ValueError) as failure:
            self.failed += 1
            words = post_failure(failure)
            if self.failed == 1:
                message = "-http_post_host: %s: %s; later failures are only counted"
                logger.warning(message, self.url, words)
        else:
            self.sent += 1

    def _post(self, text: str) -> None:
        headers = {"Content-Type": "text/plain", "User-Agent": "darknet-py", **self._headers}
        request = urllib.request.Request(self.url, encoded(text), headers, method="POST")
        with self._opener.open(request, timeout=TIMEOUT_SECONDS):
            pass

    def close(self) -> None:
        """Posts what waits, as far as the other side takes it in a few seconds."""
        self._waiting.close()
        self._thread.join(CLOSING_SECONDS)
        left = 0 if self.done else len(self._waiting) + self._thread.is_alive()
        if self.failed or self.dropped or left:
            message = "-http_post_host: %d posted, %d failed, %d displaced by newer, %d left unsent"
            logger.warning(message, self.sent, self.failed, self.dropped, left)


class _RefusedRedirect(urllib.request.HTTPRedirectHandler):
    """urllib would follow most of them with a GET, which loses the text and looks like success."""

    def redirect_request(self, *_: Any) -> None:
        return None


def post_target(address: str) -> tuple[str, dict[str, str]]:
    """The URL, and the headers for the user and the password in the address."""
    text = address if "://" in address else f"http://{address}"
    try:
        parts = urlsplit(text)
        host, port = parts.hostname, parts.port
    except ValueError:
        host = port = None
    if not host or parts.scheme not in SCHEMES or not text.isprintable() or " " in text:
        message = "expected HOST[:PORT]/PATH, or an address that begins with http:// or https://"
        raise DarknetError(f"-http_post_host {address!r}: {message}")
    place = f"[{host}]" if ":" in host else host
    netloc = place if port is None else f"{place}:{port}"
    path, query = (quote(part, RESERVED) for part in (parts.path or "/", parts.query))
    url = urlunsplit((parts.scheme, netloc, path, query, ""))
    return url, _authorization(parts.username, parts.password)


def _authorization(user: str | None, password: str | None) -> dict[str, str]:
    if user is None:
        return {}
    pair = f"{unquote(user)}:{unquote(password or '')}".encode()
    return {"Authorization": f"Basic {base64.b64encode(pair).decode()}"}


def found_lines(result: Result) -> list[str]:
    """`name, id: N` for each box: of its classes AlexeyAB's program names the lowest one."""
    lowest: dict[int, int] = {}
    for row in json_rows(result):
        box, class_id = int(result.boxes.box[row]), int(result.boxes.class_id[row])
        lowest[box] = min(class_id, lowest.get(box, class_id))
    return [f"{result.name(class_id)}, id: {class_id}" for class_id in lowest.values()]


def post_text(lines: list[str], source: str) -> str:
    """AlexeyAB's text; the time is this machine's, with the day's name in English."""
    now = time.localtime()
    day = DAYS[now.tm_wday]
    stamp = time.strftime("%Y-%m-%d %H:%M:%S", now)
    return "\n".join([*lines, "", "time:", f"{day} {stamp}", "videosource:", source])


DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


def post_failure(failure: Exception) -> str:
    """Why a text did not arrive, in a few words, and what to do about it."""
    if isinstance(failure, urllib.error.HTTPError):
        failure.close()
        if HTTPStatus.MULTIPLE_CHOICES <= failure.code < HTTPStatus.BAD_REQUEST:
            target = failure.headers.get("Location", "another address")
            return f"answered {failure.code}; give the address it names: {target}"
        return f"answered {failure.code} {failure.reason}; is the path right?"
    reason = getattr(failure, "reason", failure)
    words = getattr(reason, "strerror", None) or str(reason) or type(reason).__name__
    return f"{' '.join(words.split())}; is the host right, and does it listen?"
