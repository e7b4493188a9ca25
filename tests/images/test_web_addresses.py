"""Which addresses are images, and what their servers are told."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterator

import pytest
from support.image_server import ImageSite, Page, image_site

from darknet_py.errors import DataError
from darknet_py.images import web_addresses
from darknet_py.images.web_addresses import asked, is_image_address, is_video_address
from darknet_py.web_request import RequestFailure

PAGES = {
    "/photo?id=5": Page("image/jpeg; charset=binary", b"x"),
    "/upper": Page("IMAGE/PNG", b"x"),
    "/page": Page("text/html", b"x"),
    "/live": Page("multipart/x-mixed-replace; boundary=b", b"x", -1),
    "/bare": Page("", b"x"),
    "/%C3%A4%20b?c=1": Page("image/png", b"x"),
}


@pytest.fixture
def site() -> Iterator[ImageSite]:
    with image_site(PAGES) as site:
        yield site


@pytest.mark.parametrize(
    ("address", "image", "video"),
    [
        ("http://127.0.0.1:1/a.jpg", True, False),
        ("HTTPS://127.0.0.1:1/b/A.PNG?size=big#x", True, False),
        ("http://127.0.0.1:1/a.mp4?x=a.jpg", False, True),
        ("http://127.0.0.1:1/a.mjpg", False, False),
        ("rtsp://127.0.0.1:1/a.jpg", False, False),
        ("a.jpg", False, False),
    ],
)
def test_ends_that_tell_are_believed(address: str, image: bool, video: bool) -> None:
    """Nobody is asked: at that port nothing answers."""
    assert is_image_address(address) == image
    assert is_video_address(address) == video


def test_others_are_asked(site: ImageSite) -> None:
    found = {path for path in PAGES if is_image_address(site.url + path)}
    assert found == {"/photo?id=5", "/upper", "/%C3%A4%20b?c=1"}
    assert site.paths == list(PAGES)
    assert not is_image_address(f"{site.url}/gone")


def test_what_is_no_address() -> None:
    with pytest.raises(DataError, match="no address: Invalid IPv6"):
        is_image_address("http://[::1/a.jpg")


def test_name_and_password_go_into_a_header(site: ImageSite) -> None:
    address = site.url.replace("http://", "http://me:se%40cret@") + "/ä b?c=1#part"
    asked(address).close()
    ((path, header),) = site.asked
    assert path == "/%C3%A4%20b?c=1"
    assert header["Authorization"] == f"Basic {b64encode(b'me:se@cret').decode()}"
    asked(f"{site.url}/page").close()
    assert "Authorization" not in site.asked[1][1]


def test_one_that_does_not_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(web_addresses, "ANSWER_SECONDS", 0.2)
    with pytest.raises(RequestFailure):
        asked("http://127.0.0.1:1/a.jpg")
