"""Pages that run only what stands in them."""

from __future__ import annotations

import base64
import hashlib

import pytest
from starlette.requests import Request

from darknet_py.serve.static_page import page_response, policy


def digest(text: str) -> str:
    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def directives(words: str) -> dict[str, str]:
    return dict(part.split(" ", 1) for part in words.split("; "))


def request(**headers: str) -> Request:
    raw = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    return Request({"type": "http", "method": "GET", "path": "/", "headers": raw})


def test_what_stands_in_it_may_run() -> None:
    html = '<style>a{}\n</style><script>\nlet x;</script><script type="module">1</script>'
    actual = directives(policy(html.encode()))
    assert actual["script-src"] == f"'sha256-{digest(chr(10) + 'let x;')}' 'sha256-{digest('1')}'"
    assert actual["style-src"] == f"'sha256-{digest('a{}' + chr(10))}'"
    assert actual["default-src"] == "'none'" and actual["connect-src"] == "'self'"
    assert actual["frame-ancestors"] == actual["base-uri"] == "'none'"
    assert "unsafe" not in policy(html.encode())


def test_nothing_may_run_where_nothing_stands() -> None:
    actual = directives(policy(b"<p onclick='x()' style='color: red'>text</p><scripts>1</scripts>"))
    assert actual["script-src"] == actual["style-src"] == "'none'"


def test_a_browser_that_has_it_does_not_get_it_again() -> None:
    first = page_response(request(), "docs.html")
    assert first.status_code == 200 and b"<!doctype html>" in bytes(first.body)
    tag = first.headers["etag"]
    for sent in (tag, f"W/{tag}", f'"other", {tag}'):
        again = page_response(request(if_none_match=sent), "docs.html")
        assert (again.status_code, again.body, again.headers["etag"]) == (304, b"", tag)
    other = page_response(request(if_none_match='"x"'), "docs.html")
    assert other.status_code == 200
    for name in ("content-security-policy", "referrer-policy", "cache-control"):
        assert first.headers[name] == again.headers[name]


def test_a_page_that_is_not_there() -> None:
    with pytest.raises(FileNotFoundError):
        page_response(request(), "none.html")
