"""The image in a request, however it is sent."""

from __future__ import annotations

import pytest
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from support.plain_app import operation, plain_app
from support.raw_http import RawAnswer, exchange, multipart, posted
from support.served import served

from darknet_py.serve.uploads import read_form, read_json, read_upload

IMAGE = b"\xff\xd8 not read here"
FILE = ('; name="image"; filename="a.jpg"', IMAGE)
OTHER = ('; name="other"; filename="b.jpg"', b"other")
FORM = "Content-Type: Multipart/Form-Data; boundary=b0"
URLENCODED = "Content-Type: application/x-www-form-urlencoded"


async def upload(request: Request) -> Response:
    """Twice, as a token in the form is looked for first."""
    await read_form(request)
    upload = await read_upload(request)
    return JSONResponse([upload.data.decode("latin-1"), dict(upload.fields)])


async def value(request: Request) -> Response:
    return JSONResponse(await read_json(request))


@pytest.fixture(scope="module")
def port() -> object:
    with served(plain_app(operation("/upload", upload), operation("/json", value))) as port:
        yield port


def sent(port: int, body: bytes, *headers: str, query: str = "") -> RawAnswer:
    return exchange(port, posted(body, *headers, path=f"/upload{query}"))


@pytest.mark.parametrize(
    "header",
    [
        "Content-Type: image/jpeg",
        "Content-Type: application/octet-stream",
        "Content-Type: text/plain",
        "Content-Type:",
        "Content-Type: multipart/mixed; boundary=b0",
        URLENCODED,
        "X-None: 1",
    ],
)
def test_the_body_is_the_image_whatever_it_is_called(port: int, header: str) -> None:
    answer = sent(port, IMAGE, header, query="?thresh=.5&thresh=.6&model=a%20b")
    assert answer.body == b'["\xc3\xbf\xc3\x98 not read here",{"thresh":".6","model":"a b"}]'


@pytest.mark.parametrize(
    ("parts", "data", "fields"),
    [
        ([FILE, OTHER], IMAGE, {}),
        ([OTHER, FILE], IMAGE, {}),
        ([OTHER], b"other", {}),
        ([('; name="thresh"', b".7"), FILE], IMAGE, {"thresh": ".7"}),
    ],
)
def test_the_image_in_a_form(
    port: int, parts: list[tuple[str, bytes]], data: bytes, fields: dict[str, str]
) -> None:
    answer = sent(port, multipart(*parts), FORM, query="?thresh=.6&a=1")
    assert answer.status == 200
    expected = JSONResponse([data.decode("latin-1"), {"thresh": ".6", "a": "1"} | fields])
    assert answer.body == expected.body


@pytest.mark.parametrize(
    ("body", "header", "words"),
    [
        (b"", "X-None: 1", "no image: send its bytes as the body, or as the field 'image'"),
        (multipart(('; name="a"', b"x")), FORM, "no image: the form has no file called 'image'"),
        (
            multipart(('; name="image"', b"x")),
            FORM,
            "no image: the form has no file called 'image' (a field without a file name is text)",
        ),
        (multipart(('; name="image"; filename=""', b"")), FORM, "no image: the form has no file"),
        (multipart(FILE, end=False), FORM, "the multipart form breaks off"),
        (multipart(FILE), "Content-Type: multipart/form-data", "no boundary"),
        (b"&".join([b"a=1"] * 101), URLENCODED, "more than 100 fields"),
    ],
)
def test_without_an_image(port: int, body: bytes, header: str, words: str) -> None:
    answer = sent(port, body, header)
    assert answer.status == 400 and words in answer.error


def test_json(port: int) -> None:
    def send(body: bytes) -> RawAnswer:
        return exchange(port, posted(body, path="/json"))

    assert send(b' {"a": [1]}').body == b'{"a":[1]}'
    for body in (b"", b"{", b"\xff", b"nonsense"):
        assert send(body).status == 400 and "the body is not JSON" in send(body).error
    assert send(b"[" * 200_000).error == "the body is not JSON: too deep"
