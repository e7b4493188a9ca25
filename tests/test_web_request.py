"""Asking for a file: which answers are taken, which may be others later."""

from __future__ import annotations

import io
import ssl
import urllib.error
import urllib.request
from email.message import Message
from http.client import HTTPMessage
from typing import Any

import pytest
from support.weights_server import serving

from darknet_py import web_request
from darknet_py.web_request import AGENT, Redirects, RequestFailure, ask


def test_the_rest_of_a_file() -> None:
    with serving(b"0123456789") as site:
        answer = ask(site.url, 4, '"one"', 5)
        assert (answer.start, answer.total, answer.validator) == (4, 10, '"one"')
        assert answer.read() == b"456789" and answer.read() == b""
        answer.close()
    (request,) = site.asked
    assert (request["range"], request["if-range"]) == ("bytes=4-", '"one"')
    assert request["user-agent"] == AGENT and request["accept-encoding"] == "identity"


@pytest.mark.parametrize(
    ("etag", "validator"), [('"a"', '"a"'), ('W/"a"', ""), ("", ""), ("bare", "")]
)
def test_only_a_strong_tag_is_one(etag: str, validator: str) -> None:
    with serving(b"0", etag=etag) as site:
        answer = ask(site.url, 0, "", 5)
        answer.close()
    assert answer.validator == validator and "range" not in site.asked[0]


@pytest.mark.parametrize(
    ("status", "headers", "again", "wait", "stale"),
    [
        (404, {}, False, 0, False),
        (403, {}, False, 0, False),
        (500, {}, True, 0, False),
        (429, {"Retry-After": "7"}, True, 7, False),
        (503, {"Retry-After": "tomorrow"}, True, 0, False),
        (416, {}, True, 0, True),
        (206, {"Content-Range": "bytes 9-9/10"}, True, 0, True),
        (206, {}, True, 0, True),
        (204, {}, True, 0, True),
    ],
)
def test_answers_that_are_none(
    status: int, headers: dict[str, str], again: bool, wait: float, stale: bool
) -> None:
    site = serving(b"0123456789", statuses=[status], headers=headers)
    with site as served, pytest.raises(RequestFailure, match=str(status)) as caught:
        ask(served.url, 4, "", 5)
    failure = caught.value
    assert (failure.again, failure.wait, failure.stale) == (again, wait, stale)


def test_python_itself_is_refused_by_this_server() -> None:
    """As by data.pjreddie.com."""
    with serving(b"0") as site, pytest.raises(urllib.error.HTTPError, match="403") as caught:
        urllib.request.build_opener(urllib.request.ProxyHandler({})).open(site.url, timeout=5)
    caught.value.close()


@pytest.mark.parametrize(
    ("start", "end", "taken"),
    [
        ("http://a/1", "http://b/2", True),
        ("http://a/1", "https://b/2", True),
        ("https://a/1", "https://b/2", True),
        ("https://a/1", "http://b/2", False),
        ("http://a/1", "ftp://b/2", False),
        ("http://a/1", "data:,x", False),
    ],
)
def test_where_a_redirect_may_lead(start: str, end: str, taken: bool) -> None:
    request = urllib.request.Request(start, headers={"User-Agent": AGENT, "Range": "bytes=4-"})
    how: tuple[Any, ...] = (request, io.BytesIO(), 302, "Found", HTTPMessage(), end)
    if not taken:
        with pytest.raises(RequestFailure, match="redirects from http.* refused") as caught:
            Redirects().redirect_request(*how)
        assert not caught.value.again
        return
    following = Redirects().redirect_request(*how)
    assert following is not None and following.full_url == end
    assert dict(following.header_items()) == {"User-agent": AGENT, "Range": "bytes=4-"}


def test_what_kind_of_file_it_is_and_who_is_told_the_password() -> None:
    with serving(b"0123") as site:
        site.url, target = site.url.replace("/file", f"/to/{site.url}"), site.url
        answer = ask(site.url, 0, "", 5, authorization="Basic abc")
        assert (answer.read(), answer.content_type) == (b"0123", "")
        answer.close()
    first, second = site.asked
    assert first["authorization"] == "Basic abc" and "authorization" not in second
    assert target.endswith(second["path"])


def test_the_page_of_a_redirect_is_not_waited_for() -> None:
    with serving(b"0123") as site:
        answer = ask(site.url.replace("/file", "/endless"), 0, "", 0.5)
        assert answer.read() == b"0123"
        answer.close()


@pytest.mark.parametrize(
    ("failure", "again"),
    [
        (urllib.error.URLError(OSError(-2, "Name or service not known")), True),
        (TimeoutError("timed out"), True),
        (ConnectionResetError(104, "Connection reset by peer"), True),
        (
            urllib.error.URLError(
                ssl.SSLCertVerificationError(1, "certificate verify failed: expired")
            ),
            False,
        ),
        (ValueError("nonnumeric port: 'x'"), False),
    ],
)
def test_connections_that_fail(
    monkeypatch: pytest.MonkeyPatch, failure: Exception, again: bool
) -> None:
    def refuse(opener: object, *values: object, **how: object) -> None:
        raise failure

    monkeypatch.setattr(web_request.urllib.request.OpenerDirector, "open", refuse)
    with pytest.raises(RequestFailure) as caught:
        ask("https://a/b", 0, "", 5)
    reason = getattr(failure, "reason", failure)
    assert str(caught.value) == str(reason) and caught.value.again == again


def test_an_error_without_headers() -> None:
    failure = urllib.error.HTTPError("http://a", 503, "Busy", Message(), None)
    told = web_request._refused(failure)
    assert (str(told), told.again, told.wait) == ("answered 503 Busy", True, 0)
    failure.close()
