"""Images of the web as sources, from a server on this machine."""

from __future__ import annotations

from collections.abc import Iterator

import cv2
import pytest
from support.image_server import ImageSite, Page, image_site
from support.tiny_detector import noise_image

from darknet_py.errors import DataError, ImageError
from darknet_py.images import live, web_images
from darknet_py.images.capture import CaptureOptions
from darknet_py.images.sources import open_source

PNG = cv2.imencode(".png", noise_image())[1].tobytes()
PAGES = {
    "/a.png": Page("application/octet-stream", PNG),
    "/photo": Page("image/png", PNG),
    "/page.png": Page("text/html", b"<!DOCTYPE html><title>A photo</title>"),
    "/live.jpg": Page("multipart/x-mixed-replace; boundary=b", b"--b\r\n", -1, endless=True),
    "/endless.png": Page("image/png", PNG, -1, endless=True),
    "/huge.png": Page("image/png", PNG, 10**12),
    "/cut.png": Page("image/png", PNG[:-9], len(PNG)),
}


@pytest.fixture
def site() -> Iterator[ImageSite]:
    with image_site(PAGES) as site:
        yield site


@pytest.mark.parametrize("name", ["/a.png", "/photo"])
def test_an_address_is_one_image(site: ImageSite, name: str) -> None:
    source = open_source(site.url + name)
    assert (source.length, source.single, source.moving, source.endless) == (1, True, False, False)
    (pending,) = source.frames
    frame = pending.read()
    assert (frame.pixels == noise_image()).all()
    assert (frame.path, frame.number, frame.time) == (site.url + name, 0, None)


def test_among_others_each_has_its_turn(site: ImageSite) -> None:
    """As of a camera's snapshots no other would."""
    addresses = [f"{site.url}/a.png", f"{site.url}/photo"]
    for items in (addresses, iter(addresses)):
        source = open_source(items, CaptureOptions(snapshots=True))
        assert not source.endless
        frames = list(source.frames)
        assert [frame.number for frame in frames] == [0, 1]
        assert all((frame.read().pixels == noise_image()).all() for frame in frames)


def test_the_password_is_not_shown(site: ImageSite) -> None:
    (pending,) = open_source(site.url.replace("//", "//me:secret@") + "/gone.png").frames
    assert pending.path == site.url.replace("//", "//me:***@") + "/gone.png"
    expected = r"^http://me:\*\*\*@.*/gone.png: cannot be fetched: answered 404 .*; check the add"
    with pytest.raises(ImageError, match=expected):
        pending.read()


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("/page.png", "page.png: not an image: it looks like an HTML page"),
        ("/live.jpg", r"answers with multipart/x-mixed-replace, which is a stream; use stream\(\)"),
        ("/endless.png", "endless.png: more than 1 MiB; download the file"),
        ("/huge.png", "huge.png: more than 1 MiB; download the file"),
        ("/cut.png", r"cut.png: ended after \d+ of \d+ bytes; try again"),
    ],
)
def test_what_gives_no_image_is_given_up(
    site: ImageSite, name: str, message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(web_images, "MOST_BYTES", 1 << 20)
    (pending,) = open_source(site.url + name).frames
    with pytest.raises(ImageError, match=message):
        pending.read()


def test_one_that_is_too_slow_is_given_up(site: ImageSite, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(web_images, "MOST_SECONDS", -1.0)
    (pending,) = open_source(f"{site.url}/a.png").frames
    with pytest.raises(ImageError, match="a.png: only .* bytes in -1 s; download the file first"):
        pending.read()


def test_snapshots_of_a_camera_are_a_stream(
    site: ImageSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[str] = []

    def refuse(address: str) -> None:
        opened.append(address)
        raise DataError("opened as a stream")

    monkeypatch.setattr(live, "_opened_address", refuse)
    with pytest.raises(DataError, match="opened as a stream"):
        open_source(f"{site.url}/a.png", CaptureOptions(snapshots=True))
    assert opened == [f"{site.url}/a.png"] and site.asked == []
