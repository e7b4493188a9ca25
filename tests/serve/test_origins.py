"""Pages of whom may use the server, and by which names it is known."""

from __future__ import annotations

import pytest
from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse

from darknet_py.serve.origins import SameOrigin, is_local, name_of, origin_of

FIREFOX = {"User-Agent": "Mozilla/5.0 (X11; Linux)"}
OTHERS = "may not use this server; to allow them, start it with --allow-origin"
UNKNOWN = "is not known as a name of this machine"


def reason(method: str, headers: dict[str, str], *allowed: str) -> str:
    guard = SameOrigin(PlainTextResponse("inside"), allowed)
    guard._machine = "shed.example.org"
    return guard.reason_against(method, Headers(headers))


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1:5000",
        "[::1]:5000",
        "192.168.1.7",
        "localhost:5000",
        "darknet:5000",
        "nas",
        "nas.local:5000",
        "shed.example.org:5000",
        "a.localhost",
    ],
)
def test_its_own_page(host: str) -> None:
    assert reason("POST", {"Host": host, "Origin": f"http://{host}"}) == ""
    assert reason("POST", {"Host": host, "Origin": f"https://{host}"}) == ""
    assert reason("GET", {"Host": host, "Sec-Fetch-Site": "same-origin", **FIREFOX}) == ""
    assert reason("GET", {"Host": host, "Sec-Fetch-Site": "none", **FIREFOX}) == ""


@pytest.mark.parametrize(
    "origin",
    ["http://evil.example", "http://localhost:8000", "http://localhost", "null", "", "http://["],
)
def test_other_pages(origin: str) -> None:
    said = reason("POST", {"Host": "localhost:5000", "Origin": origin})
    assert OTHERS in said


def test_a_name_that_leads_here_from_outside() -> None:
    for headers in ({"Origin": "http://evil.example:5000"}, FIREFOX, {"Sec-Fetch-Site": "none"}):
        said = reason("GET", {"Host": "evil.example:5000", **headers})
        assert UNKNOWN in said and said.endswith("--allow-origin http://evil.example:5000")


def test_programs_are_not_asked() -> None:
    for host in ("darknet:5000", "ai.example.org", "", "]["):
        assert reason("POST", {"Host": host}) == ""
        assert reason("GET", {"Host": host, "User-Agent": "python-requests/2"}) == ""


def test_what_is_allowed() -> None:
    page = {"Host": "localhost:5000", "Origin": "http://nas:8123"}
    assert reason("POST", page) != ""
    assert reason("POST", page, "http://nas:8123") == ""
    assert reason("POST", page, "HTTP://NAS:8123/") == ""
    assert reason("POST", page, "http://nas") != ""
    assert reason("POST", page, "*") == ""
    assert reason("POST", {**page, "Origin": "null"}, "null") == ""
    behind = {"Host": "ai.example.org", "Origin": "https://ai.example.org", **FIREFOX}
    assert UNKNOWN in reason("POST", behind)
    assert reason("POST", behind, "https://ai.example.org") == ""
    del behind["Origin"]
    assert reason("GET", behind, "https://ai.example.org") == ""


def test_without_an_origin_the_browser_says_where_from() -> None:
    image = {"Host": "localhost:5000", "Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors"}
    assert OTHERS in reason("GET", image)
    assert OTHERS in reason("GET", {**image, "Referer": "http://evil.example/a"})
    assert reason("GET", {**image, "Referer": "http://nas:8123/a"}, "http://nas:8123") == ""
    link = {**image, "Sec-Fetch-Mode": "navigate"}
    assert reason("GET", link) == ""
    assert OTHERS in reason("POST", link)


def test_parts_of_addresses() -> None:
    assert origin_of("HTTP://Nas:8123/x?y") == "http://nas:8123"
    assert origin_of("nas:8123") == origin_of("") == origin_of("http://[") == ""
    assert name_of("[::1]:5000") == "::1" and name_of("a.b:5000") == "a.b" and name_of("[") == ""
    assert not is_local("", "me") and not is_local("a.b", "me") and not is_local("local.evil", "me")
    assert is_local("a.local.", "me") and is_local("fe80::1", "me") and is_local("me", "me")
