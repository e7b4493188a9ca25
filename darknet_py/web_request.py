"""Asking an address for a file, or for the rest of one. Proxies are those of the environment."""

from __future__ import annotations

import re
import urllib.error
import urllib.request
from dataclasses import dataclass
from http.client import HTTPException, HTTPResponse
from typing import IO, Any
from urllib.parse import urlsplit

from darknet_py.version import __version__

AGENT = f"darknet-py/{__version__}"
"""data.pjreddie.com refuses the name that Python gives itself."""
SCHEMES = ("http", "https")
MOST_REDIRECTS = 8
BUSY = {408, 425, 429, 500, 502, 503, 504}
"""Answers that may be others a while later."""
NOT_THE_RANGE, PART, WHOLE = 416, 206, 200
MOST_CHUNK = 1 << 16
RANGE = re.compile(r"bytes (\d+)-(\d+)/(\d+|\*)")


class RequestFailure(Exception):
    """An address did not give what was asked of it.

    again: it may at another try. wait: seconds that it asked to wait before. stale: what is here
    of the file is no beginning of what the address has now.
    """

    def __init__(
        self, message: str, *, again: bool = False, wait: float = 0.0, stale: bool = False
    ) -> None:
        super().__init__(message)
        self.again, self.wait, self.stale = again, wait, stale


@dataclass(frozen=True)
class Answer:
    """What a server answered, open. start: how many bytes of the file come before what follows.

    total: bytes of the whole file by what the server says, None if it says nothing. validator: what
    tells this version of the file from others, for If-Range; "" without one.
    """

    response: HTTPResponse
    start: int
    total: int | None
    validator: str

    @property
    def content_type(self) -> str:
        """What kind of file the server says it is, such as image/jpeg, in small letters; "" where
        it says nothing."""
        said = self.response.headers.get("Content-Type") or ""
        return said.partition(";")[0].strip().lower()

    def read(self) -> bytes:
        """What has arrived, up to MOST_CHUNK bytes; nothing at the end. Raises RequestFailure."""
        try:
            return self.response.read1(MOST_CHUNK)
        except (OSError, HTTPException, ValueError) as failure:
            raise RequestFailure(_why(failure), again=True) from None

    def close(self) -> None:
        self.response.close()


def ask(url: str, start: int, validator: str, timeout: float, authorization: str = "") -> Answer:
    """Raises RequestFailure. start: bytes that are here. validator: of the version that they are
    of, "" for none. The answer may begin at 0 all the same: servers need not know of ranges.

    authorization: the header of that name, which no other server is told to which this one sends.
    """
    if urlsplit(url).scheme not in SCHEMES:
        raise RequestFailure("is no http or https address")
    headers = {"User-Agent": AGENT, "Accept-Encoding": "identity"}
    if start:
        headers["Range"] = f"bytes={start}-"
        if validator:
            headers["If-Range"] = validator
    try:
        request = urllib.request.Request(url, headers=headers)
        if authorization:
            request.add_unredirected_header("Authorization", authorization)
        return _read_answer(_opener().open(request, timeout=timeout), start)
    except urllib.error.HTTPError as failure:
        failure.close()
        raise _refused(failure) from None
    except (OSError, HTTPException, ValueError) as failure:
        raise RequestFailure(_why(failure), again=_may_pass(failure)) from None


def _opener() -> urllib.request.OpenerDirector:
    """urllib's own has handlers for files and FTP as well, to which a redirect could lead."""
    opener = urllib.request.OpenerDirector()
    for handler in (
        urllib.request.ProxyHandler(),
        urllib.request.HTTPHandler(),
        urllib.request.HTTPSHandler(),
        urllib.request.HTTPDefaultErrorHandler(),
        urllib.request.HTTPErrorProcessor(),
        urllib.request.UnknownHandler(),
        Redirects(),
    ):
        opener.add_handler(handler)
    return opener


class Redirects(urllib.request.HTTPRedirectHandler):
    """Follows redirects a few times, never away from http and https, nor from https to http."""

    max_redirections = MOST_REDIRECTS

    def http_error_302(
        self, req: urllib.request.Request, fp: IO[bytes], code: int, msg: str, headers: Any
    ) -> Any:
        fp.close()  # urllib would read the page that comes with it, which may have no end
        return super().http_error_302(req, fp, code, msg, headers)

    http_error_301 = http_error_303 = http_error_307 = http_error_308 = http_error_302  # noqa: N815

    def redirect_request(
        self,
        req: urllib.request.Request,
        fp: IO[bytes],
        code: int,
        msg: str,
        headers: Any,
        newurl: str,
    ) -> urllib.request.Request | None:
        scheme = urlsplit(newurl).scheme
        if scheme not in SCHEMES or (req.type == "https" and scheme == "http"):
            raise RequestFailure(f"redirects from {req.type} to {scheme}: refused")
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def _read_answer(response: HTTPResponse, asked: int) -> Answer:
    """Raises RequestFailure for an answer that is not what was asked for."""
    headers = response.headers
    etag = headers.get("ETag") or ""
    # A weak tag does not promise the same bytes.
    validator = (headers.get("Last-Modified") or "") if etag[:1] != '"' else etag
    if response.status == WHOLE:
        return Answer(response, 0, _number(headers.get("Content-Length")), validator)
    match = RANGE.fullmatch(headers.get("Content-Range") or "")
    if response.status != PART or match is None or int(match[1]) != asked:
        response.close()
        told = f"answered {response.status} with range {headers.get('Content-Range')!r}"
        raise RequestFailure(f"{told}, asked for bytes {asked}-", again=True, stale=True)
    return Answer(response, asked, _number(match[3]), validator)


def _number(text: str | None) -> int | None:
    return int(text) if text and text.isascii() and text.isdigit() else None


def _refused(failure: urllib.error.HTTPError) -> RequestFailure:
    told = f"answered {failure.code} {failure.reason}"
    if failure.code == NOT_THE_RANGE:
        return RequestFailure(told, again=True, stale=True)
    wait = _number(failure.headers.get("Retry-After")) if failure.headers else None
    return RequestFailure(told, again=failure.code in BUSY, wait=float(wait or 0))


def _may_pass(failure: BaseException) -> bool:
    """A certificate that does not hold, or a malformed address, will not mend itself."""
    return "certificate verify failed" not in str(failure) and not isinstance(failure, ValueError)


def _why(failure: BaseException) -> str:
    reason = getattr(failure, "reason", None) or failure  # URLError has the real one inside
    return " ".join(str(reason).split()) or type(reason).__name__
