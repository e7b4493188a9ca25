"""Multipart forms, whole and broken."""

from __future__ import annotations

import gc
import re
import weakref

import pytest
from support.raw_http import multipart

from darknet_py.serve.multipart_form import MultipartForm, boundary_of
from darknet_py.serve.refusal import Refusal

FILE = ('; name="image"; filename="a.jpg"', bytes(range(256)) * 4)
TEXT = ('; name="thresh"', b"0.5")


def read(body: bytes, step: int = 1 << 20, boundary: bytes = b"b0") -> MultipartForm:
    form = MultipartForm(boundary)
    for start in range(0, len(body), step):
        form.feed(body[start : start + step])
    form.close()
    return form


@pytest.mark.parametrize("step", [1, 7, 1 << 20])
def test_files_and_fields(step: int) -> None:
    form = read(multipart(FILE, TEXT, ('; name="empty"', b"")), step)
    assert form.files == {"image": FILE[1]}
    assert form.fields == {"thresh": "0.5", "empty": ""}


def test_of_one_name_the_last_one_counts() -> None:
    assert read(multipart(TEXT, ('; name="thresh"', b"0.7"))).fields == {"thresh": "0.7"}


def test_text_of_old_clients() -> None:
    form = read(multipart(('; name="a"', b"\xe9"), ('; name="b"', "é".encode())))
    assert form.fields == {"a": "é", "b": "é"}


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (multipart(FILE, TEXT, end=False), "breaks off"),
        (multipart(FILE)[:-3], "breaks off"),
        (multipart(FILE)[:300], "breaks off"),
        (b"", "breaks off"),
        (multipart(FILE, boundary="b1"), "cannot be read"),
        (b"no form at all", "cannot be read"),
        (b"--b0\r\nno colon\r\n\r\nx\r\n--b0--\r\n", "cannot be read"),
        (multipart(*[TEXT] * 101), "more than 100 parts"),
        (multipart(('; name="a"', b"x" * 65_537)), "'a' may have 65536 bytes"),
        (multipart((f'; name="{"n" * 9000}"', b"")), "head of a part|cannot be read"),
    ],
)
def test_what_is_refused(body: bytes, words: str) -> None:
    for step in (64, 1 << 20):
        with pytest.raises(Refusal) as refused:
            read(body, step)
        assert refused.value.status == 400
        assert re.search(words, str(refused.value))


def test_as_many_and_as_large_as_may_be() -> None:
    names = [f'; name="{number}"' for number in range(100)]
    form = read(multipart(*((name, b"x" * 65_536) for name in names)))
    assert len(form.fields) == 100 and len(form.fields["99"]) == 65_536


def test_the_boundary() -> None:
    assert boundary_of('multipart/form-data; boundary="b 0"') == b"b 0"
    for text in ("multipart/form-data", "multipart/form-data; boundary=", "multipart/form-data; é"):
        with pytest.raises(Refusal, match="no boundary"):
            boundary_of(text)
    with pytest.raises(Refusal, match="too long"):
        boundary_of("multipart/form-data; boundary=" + "b" * 201)


@pytest.mark.parametrize("whole", [True, False])
def test_an_image_goes_with_its_form_and_not_when_circles_are_looked_for(whole: bool) -> None:
    gc.disable()
    try:
        form = MultipartForm(b"b0")
        form.feed(multipart(FILE, TEXT, end=whole))
        assert form.files == {"image": FILE[1]}
        forgotten = weakref.ref(form), weakref.ref(form._parts)
        del form
        assert [there() for there in forgotten] == [None, None]
    finally:
        gc.enable()
