"""Two hundred requests that no client should send, and what is answered to each.

Each row: a name, the bytes, the statuses that are right (CLOSED: the connection ends without an
answer). Made by hand and by our own code; sorted by what is wrong.
"""

from __future__ import annotations

import gzip
import io
import random
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from support.raw_http import CLOSED, chunked, head, multipart, posted

IMAGE = (Path(__file__).resolve().parents[2] / "data" / "shapes-2.jpg").read_bytes()
BAD = {400}
MOST_MB = 4.0
"""What the server under test is told; more than the bomb of 1 MB."""


@dataclass(frozen=True)
class Malformed:
    """half_close: the client's side is closed behind the bytes. late: the server has to wait."""

    name: str
    data: bytes
    statuses: frozenset[int]
    half_close: bool = False
    late: bool = False


def row(
    name: str, data: bytes, statuses: set[int], half_close: bool = False, late: bool = False
) -> Malformed:
    return Malformed(name, data, frozenset(statuses), half_close, late)


def no_images() -> Iterator[Malformed]:
    noise = random.Random(1).randbytes
    contents = {
        "nothing": b"",
        "a byte": b"\xff",
        "text": b"this is no image",
        "a page": b"<html><script>alert(1)</script></html>",
        "json": b'{"image": "aGVsbG8="}',
        "pdf": b"%PDF-1.7\n" + noise(500),
        "zip": b"PK\x03\x04" + noise(500),
        "mp4": b"\0\0\0\x20ftypisom" + noise(500),
        "gzip": gzip.compress(IMAGE),
        "svg": b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"/>',
        "svg of a file": b'<svg><image href="file:///etc/passwd"/></svg>',
        "program": b"MZ" + noise(500),
        "pickle": b"\x80\x04cos\nsystem\n(S'true'\ntR.",
        "zeros": bytes(100_000),
        "noise": noise(100_000),
        "utf-16": "image".encode("utf-16"),
        "a path": b"/etc/passwd",
        "an address": b"http://localhost/a.jpg",
        "base64": b"/9j/4AAQSkZJRgABAQAAAQABAAD/",
        "webp head only": b"RIFF\x10\0\0\0WEBPVP8 " + bytes(4),
    }
    for name, content in contents.items():
        yield row(f"no image: {name}", posted(content), BAD)
    for kind in ("image/jpeg", "text/html", "application/json", "video/mp4", "multipart/x"):
        yield row(f"text called {kind}", posted(b"no image", f"Content-Type: {kind}"), BAD)


def encoded(ending: str) -> bytes:
    pixels = np.random.default_rng(1).integers(0, 255, (64, 64, 3), np.uint8)
    data: bytes = cv2.imencode(ending, pixels)[1].tobytes()
    return data


def cut_images() -> Iterator[Malformed]:
    for share in (0.001, 0.01, 0.1, 0.5, 0.9, 0.999):
        yield row(f"{share} of a jpeg", posted(IMAGE[: int(share * len(IMAGE))]), BAD)
    for ending in (".png", ".bmp", ".webp", ".tiff"):
        whole = encoded(ending)
        for share in (0.01, 0.5, 0.95):
            yield row(f"{share} of a {ending}", posted(whole[: int(share * len(whole))]), BAD)


def png_chunk(kind: bytes, content: bytes) -> bytes:
    check = struct.pack(">I", zlib.crc32(kind + content))
    return struct.pack(">I", len(content)) + kind + content + check


def png(width: int, height: int, rows: bytes) -> bytes:
    """Grey, 8 bits. rows: compressed."""
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    parts = ((b"IHDR", header), (b"IDAT", rows), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(png_chunk(*part) for part in parts)


def lying_images() -> Iterator[Malformed]:
    few = zlib.compress(bytes(1000))
    for width, height in ((0, 0), (0, 10), (200, 200)):
        yield row(f"png said {width} x {height}", posted(png(width, height, few)), BAD)
    for width, height in ((1 << 31, 1), (65_535, 65_535), (1_000_000, 1_000)):
        data = posted(png(width, height, few))
        yield row(f"png said {width} x {height}", data, {400, 413})
    bmp = bytearray(encoded(".bmp"))
    bmp[18:26] = struct.pack("<ii", 30_000, 30_000)
    yield row("bmp said 30000 x 30000", posted(bytes(bmp)), {400, 413})
    start = IMAGE.index(b"\xff\xc0")
    for side in (0, 65_500):
        sides = struct.pack(">HH", side, side)
        lie = IMAGE[: start + 5] + sides + IMAGE[start + 9 :]
        yield row(f"jpeg said {side} x {side}", posted(lie), {400, 413})
    whole = encoded(".png")
    yield row("png whose middle is gone", posted(whole[:500] + whole[900:]), BAD)
    yield row("png with a wrong head", posted(whole[:16] + b"\xff" * 8 + whole[24:]), {400, 413})


def hundred_megapixels() -> bytes:
    """A sound PNG of about 1 MB, 10000 x 10000. Its rows repeat, and so does what they become."""
    noise = random.Random(2).randbytes
    rows = b"".join(b"\0" + bytes(9_900) + noise(100) for _ in range(100))
    squeeze = zlib.compressobj(0, wbits=-15)
    block = zlib.compressobj(1, wbits=-15)
    squeezed = block.compress(rows) + block.flush(zlib.Z_FULL_FLUSH)
    check = 1
    for _ in range(100):
        check = zlib.adler32(rows, check)
    stream = b"\x78\x01" + squeezed * 100 + squeeze.flush() + struct.pack(">I", check)
    return png(10_000, 10_000, stream)


def bombs() -> Iterator[Malformed]:
    yield row("png of 100 megapixels", posted(hundred_megapixels()), {413})
    kept = io.BytesIO()
    with zipfile.ZipFile(kept, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.jpg", bytes(20_000_000))
    yield row("zip bomb", posted(kept.getvalue()), BAD)
    squeezed = gzip.compress(bytes(20_000_000), 1)
    yield row("gzip bomb", posted(squeezed), BAD)
    for coding in ("gzip", "deflate", "br"):
        header = f"Content-Encoding: {coding}"
        yield row(f"{coding} said in the head", posted(squeezed, header), {415})
    large = int(MOST_MB * 1e6) + 1
    yield row("too large", posted(bytes(large)), {413})
    start = head("POST /detect HTTP/1.1", "Transfer-Encoding: chunked")
    yield row("too large in chunks", start + chunked(bytes(large)), {413})
    for length in (large, 10**12, 10**19):
        claim = head("POST /detect HTTP/1.1", f"Content-Length: {length}")
        yield row(f"{length} bytes announced", claim, {413})
    part = ('; name="image"; filename="a.jpg"', bytes(large))
    form = posted(multipart(part), "Content-Type: multipart/form-data; boundary=b0")
    yield row("too large in a form", form, {413})


def fields() -> Iterator[Malformed]:
    for name in ("thresh", "nms", "hier"):
        for value in ("", "x", "nan", "-1", "1.1", "1e999", "%00", "0x1", "1,5"):
            path = f"/detect?{name}={value}"
            if value:  # an empty one counts as none
                yield row(path, posted(IMAGE, path=path), BAD)
    yield row("letter_box", posted(IMAGE, path="/detect?letter_box=maybe"), BAD)
    for name in ("no-such", "..%2F..%2Fetc%2Fpasswd", "%00", "x" * 5000):
        yield row(f"network {name[:20]}", posted(IMAGE, path=f"/detect?model={name}"), {404})


def forms() -> Iterator[Malformed]:
    image = ('; name="image"; filename="a.jpg"', IMAGE)
    text = ('; name="thresh"', b"0.5")
    sound = multipart(text, image)
    bodies = {
        "without an end": multipart(text, image, end=False),
        "cut in the image": sound[: len(sound) // 2],
        "cut in a head": sound[:30],
        "cut in the last boundary": sound[:-4],
        "empty": b"",
        "with the end only": b"--b0--\r\n",
        "of another boundary": multipart(image, boundary="b1"),
        "that is an image": IMAGE,
        "without names": multipart(("", IMAGE)),
        "without heads": b"--b0\r\n\r\nx\r\n--b0--\r\n",
        "with a strange disposition": b"--b0\r\nContent-Disposition: \x00\r\n\r\nx\r\n--b0--\r\n",
        "of line feeds": sound.replace(b"\r\n", b"\n"),
        "of 1000 fields": multipart(*[text] * 1000),
        "of 1000 files": multipart(*[('; name="i"; filename="a"', b"x")] * 1000),
        "with a large field": multipart(('; name="a"', bytes(1_000_000))),
        "with a long name": multipart((f'; name="{"n" * 100_000}"', b"x")),
        "with many heads": b"--b0\r\n" + b"a: b\r\n" * 10_000 + b"\r\nx\r\n--b0--\r\n",
        "in forms in forms": nested(50),
        "with text for an image": multipart(('; name="image"', b"x")),
        "with no image in it": multipart(('; name="image"; filename="a.jpg"', b"x")),
        "with an empty image": multipart(('; name="image"; filename="a.jpg"', b"")),
        "with a path": multipart(('; name="image"; filename="../../etc/passwd"', b"x")),
    }
    for name, body in bodies.items():
        data = posted(body, "Content-Type: multipart/form-data; boundary=b0")
        yield row(f"form {name}", data, BAD)
    kinds = ("", "; boundary=", "; boundary", "; boundary=" + "b" * 5000, "; boundary=\xe9")
    for kind in kinds:
        data = posted(sound, f"Content-Type: multipart/form-data{kind}")
        yield row(f"form of type {kind[:20]!r}", data, BAD)


def nested(depth: int) -> bytes:
    """A form whose only file is a form, and so on."""
    body = b"x"
    for level in range(depth, 0, -1):
        body = multipart(('; name="image"; filename="a"', body), boundary=f"n{level}")
    return multipart(('; name="image"; filename="a"', body))


def heads() -> Iterator[Malformed]:
    yield row("empty lines", b"\r\n\r\n\r\n\r\n", BAD)
    yield row("nonsense", b"hello\r\n\r\n", BAD)
    yield row("noise", b"\x00\x01\x02\x03\r\n\r\n", BAD)
    yield row("a TLS greeting", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(300), BAD)
    yield row("HTTP/0.9", b"GET /models\r\n\r\n", BAD)
    yield row("HTTP/2", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", {400, 404, 405})
    yield row("no version", b"GET /models HTTP\r\nHost: a\r\n\r\n", BAD)
    yield row("a strange version", b"GET /models HTTP/x.y\r\nHost: a\r\n\r\n", BAD)
    yield row("spaces in the path", b"GET /mo dels HTTP/1.1\r\nHost: a\r\n\r\n", BAD)
    yield row("bytes in the path", b"GET /\xff\xfe HTTP/1.1\r\nHost: a\r\n\r\n", BAD)
    yield row("no host", b"GET /models HTTP/1.1\r\n\r\n", BAD)
    yield row("two hosts", head("GET /models HTTP/1.1", "Host: evil"), BAD)
    for name, line in {
        "no colon": "no colon",
        "a space in the name": "na me: x",
        "a space behind the name": "name : x",
        "NUL in a value": "a: \x00",
        "NUL in a name": "a\x00: b",
        "a carriage return": "a: b\rc",
        "no name": ": x",
        "bytes in a name": "\xe9: x",
    }.items():
        yield row(name, head("GET /models HTTP/1.1", line), BAD)
    yield row("a line that goes on first", b"GET /models HTTP/1.1\r\n a: b\r\n\r\n", BAD)
    many = [f"x-{number}: y" for number in range(1000)]
    yield row("1000 headers", head("GET /models HTTP/1.1", *many), {431})
    for size in (17_000, 100_000, 1_000_000):
        long = head("GET /models HTTP/1.1", "x: " + "y" * size)
        yield row(f"a header of {size}", long, {431, CLOSED})
    for size in (9_000, 100_000, 1_000_000):
        long = head(f"GET /{'x' * size} HTTP/1.1")
        yield row(f"an address of {size}", long, {414, 431, CLOSED})
    yield row("an address of 9000 in its query", head(f"GET /models?{'x' * 9000} HTTP/1.1"), {414})


def framing() -> Iterator[Malformed]:
    for length in ("-1", "+1", "1.5", "x", "0x10", "1e3", "", "1 2", "1,2", "9" * 30):
        data = head("POST /detect HTTP/1.1", f"Content-Length: {length}") + b"x"
        yield row(f"length {length!r}", data, BAD)
    lengths = ("Content-Length: 1", "Content-Length: 2")
    yield row("two lengths", head("POST /detect HTTP/1.1", *lengths) + b"xx", BAD)
    both = ("Content-Length: 4", "Transfer-Encoding: chunked")
    smuggled = b"0\r\n\r\nGET /models HTTP/1.1\r\nHost: a\r\n\r\n"
    yield row("length and chunks", head("POST /detect HTTP/1.1", *both) + smuggled, BAD)
    yield row("chunks and length", head("POST /detect HTTP/1.1", *both[::-1]) + smuggled, BAD)
    for coding in ("gzip", "chunked, gzip", "gzip, chunked", "identity", "x", "chunked, chunked"):
        data = head("POST /detect HTTP/1.1", f"Transfer-Encoding: {coding}") + b"0\r\n\r\n"
        yield row(f"coding {coding!r}", data, BAD)
    spaced = head("POST /detect HTTP/1.1", "Transfer-Encoding : chunked") + b"0\r\n\r\n"
    yield row("coding with a space", spaced, BAD)
    old = b"POST /detect HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n" + chunked(b"x")
    yield row("chunks in HTTP/1.0", old, BAD)
    yield row("a post without a length", head(), BAD)


def chunks() -> Iterator[Malformed]:
    start = head("POST /detect HTTP/1.1", "Transfer-Encoding: chunked")
    bodies = {
        "a negative one": b"-5\r\nhello\r\n0\r\n\r\n",
        "no number": b"hello\r\nhello\r\n0\r\n\r\n",
        "0x": b"0x5\r\nhello\r\n0\r\n\r\n",
        "no size": b"\r\nhello\r\n0\r\n\r\n",
        "longer than said": b"2\r\nhello\r\n0\r\n\r\n",
        "30 digits": b"f" * 30 + b"\r\nhello\r\n0\r\n\r\n",
        "a long extension": b"5;" + b"x" * 20_000 + b"\r\nhello\r\n0\r\n\r\n",
        "a strange end": b"5\r\nhelloXX0\r\n\r\n",
        "a strange trailer": b"5\r\nhello\r\n0\r\nno colon\r\n\r\n",
        "of nothing": b"0\r\n\r\n",
    }
    for name, body in bodies.items():
        yield row(f"chunks: {name}", start + body, {400, 431})


def paths() -> Iterator[Malformed]:
    for path in (
        "/../etc/passwd",
        "/../../../../etc/passwd",
        "/%2e%2e/%2e%2e/etc/passwd",
        "/..%2f..%2fetc%2fpasswd",
        "/%252e%252e/etc/passwd",
        "/%c0%ae%c0%ae/etc/passwd",
        "/..\\..\\windows",
        "/..;/models",
        "/./models",
        "/x/../models",
        "//",
        "//models",
        "//evil.example/models",
        "/models/",
        "/models//",
        "/models/..",
        "/models%00",
        "/models%00.html",
        "/models%0d%0aX:%201",
        "/%00",
        "/%ff",
        "/%",
        "/%zz",
        "/MODELS",
        "/models;a=b",
        "/file:///etc/passwd",
        "/etc/passwd",
        "/.git/config",
        "/.env",
        "/C:/windows",
        "/cgi-bin/x",
        "/detect/../../x",
        "/static/../x",
        "http://localhost/models",
        "http://evil.example/models",
        "file:///etc/passwd",
        "models",
        "*",
    ):
        yield row(f"path {path}", head(f"GET {path} HTTP/1.1"), {404})


def methods() -> Iterator[Malformed]:
    for method in ("GET", "HEAD", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "detect", "X" * 99):
        yield row(f"{method[:20]} /detect", head(f"{method} /detect HTTP/1.1"), {405})
    yield row("POST /models", posted(b"x", path="/models"), {405})
    yield row("CONNECT", head("CONNECT evil.example:80 HTTP/1.1"), {404, 405})
    yield row("TRACE", head("TRACE / HTTP/1.1"), {404, 405})
    yield row("no method", b" /models HTTP/1.1\r\nHost: a\r\n\r\n", BAD)
    upgrade = head("GET /nothing HTTP/1.1", "Connection: Upgrade", "Upgrade: websocket")
    yield row("web socket", upgrade, {404})
    yield row("web socket on a post", upgrade.replace(b"/nothing", b"/detect"), {405})


def pages() -> Iterator[Malformed]:
    for origin in ("http://evil.example", "null", "http://localhost:1", "x" * 5000, "http://["):
        header = f"Origin: {origin}"
        yield row(f"page {origin[:20]}", posted(IMAGE, header), {403})
        yield row(f"page {origin[:20]} reads", head("GET /models HTTP/1.1", header), {403})
    strange = "GET /models HTTP/1.1\r\nHost: evil.example\r\nOrigin: http://evil.example\r\n\r\n"
    yield row("name from outside", strange.encode(), {403})


def broken_off() -> Iterator[Malformed]:
    """The client closes its side too early."""
    whole = posted(IMAGE)
    for count in (1, 4, 20, len(whole) - len(IMAGE), len(whole) // 2, len(whole) - 1):
        yield row(f"{count} bytes and no more", whole[:count], BAD, half_close=True)
    yield row("no bytes", b"", {CLOSED}, half_close=True)
    start = head("POST /detect HTTP/1.1", "Transfer-Encoding: chunked")
    for body in (b"", b"5\r\n", b"5\r\nhe", b"5\r\nhello\r\n", b"0\r\n", b"fffffff\r\nhello"):
        yield row(f"chunks {body!r} and no more", start + body, BAD, half_close=True)


def late() -> Iterator[Malformed]:
    """The client sends no more, and waits."""
    whole = posted(IMAGE)
    for count in (1, 20, 40):
        yield row(f"{count} bytes, then none", whole[:count], {408}, late=True)
    yield row("no bytes, for long", b"", {CLOSED}, late=True)
    for count in (len(whole) - len(IMAGE), len(whole) // 2, len(whole) - 1):
        yield row(f"{count} bytes, then none", whole[:count], {408}, late=True)
    start = head("POST /detect HTTP/1.1", "Transfer-Encoding: chunked")
    for body in (b"", b"5\r\nhe", b"5\r\nhello\r\n", b"ffffffffff\r\nhello", b"0\r\n"):
        yield row(f"chunks {body!r}, then none", start + body, {408}, late=True)
    endless = b"GET / HTTP/1.1\r\n" + b"".join(b"a%d: b\r\n" % number for number in range(50))
    yield row("headers without an end", endless, {408}, late=True)


GROUPS: tuple[Callable[[], Iterator[Malformed]], ...] = (
    no_images,
    cut_images,
    lying_images,
    bombs,
    fields,
    forms,
    heads,
    framing,
    chunks,
    paths,
    methods,
    pages,
    broken_off,
    late,
)


def table() -> list[Malformed]:
    return [one for group in GROUPS for one in group()]
