"""The image in a request, and what is said beside it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

from starlette.requests import Request

from darknet_py.serve.multipart_form import MOST_FIELD_BYTES, MultipartForm, boundary_of
from darknet_py.serve.refusal import Refusal

MULTIPART = "multipart/form-data"
URLENCODED = "application/x-www-form-urlencoded"
MOST_FIELDS = 100


@dataclass(frozen=True)
class Upload:
    """data: of the image file. fields: the text fields of the form, and those of the address,
    which count less."""

    data: bytes
    fields: Mapping[str, str]


@dataclass(frozen=True)
class RequestForm:
    """files: their bytes by field. fields: the text fields. Of a name that comes twice the last
    one counts."""

    files: Mapping[str, bytes] = field(default_factory=dict)
    fields: Mapping[str, str] = field(default_factory=dict)


async def read_upload(request: Request, field: str = "image") -> Upload:
    """The image that is the body, or the file `field` of a multipart form, or its first file.

    What the request calls the body does not matter: cameras say image/jpeg,
    application/octet-stream or nothing, and curl says that it is a form. Raises Refusal: 400 where
    there is none.
    """
    fields = dict(request.query_params)
    if media_type(request) != MULTIPART:
        data = await request.body()
        if not data:
            raise Refusal(400, "no image: send its bytes as the body, or as the field 'image'")
        return Upload(data, fields)
    form = await read_form(request)
    data = form.files.get(field) or next(iter(form.files.values()), b"")
    if not data:
        hint = " (a field without a file name is text)" if field in form.fields else ""
        raise Refusal(400, f"no image: the form has no file called {field!r}{hint}")
    return Upload(data, fields | dict(form.fields))


async def read_form(request: Request) -> RequestForm:
    """The form that is the body, empty where it is none; may be read again.

    Raises Refusal: 400 for a form that breaks off, that has no boundary, or too many parts.
    """
    kind = media_type(request)
    if not hasattr(request.state, "form"):
        request.state.form = await READERS[kind](request) if kind in READERS else RequestForm()
    form: RequestForm = request.state.form
    return form


async def read_json(request: Request) -> Any:
    """The value that is the body; raises Refusal where it is none."""
    try:
        return json.loads(await request.body())
    except (ValueError, RecursionError) as failure:
        words = "too deep" if isinstance(failure, RecursionError) else str(failure)
        raise Refusal(400, f"the body is not JSON: {words}") from None


def media_type(request: Request) -> str:
    """Without its parameters, in small letters."""
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()


async def _multipart(request: Request) -> RequestForm:
    form = MultipartForm(boundary_of(request.headers["content-type"]))
    async for data in request.stream():
        form.feed(data)
    form.close()
    return RequestForm(form.files, form.fields)


async def _urlencoded(request: Request) -> RequestForm:
    """Of no fields where the body is something else, such as an image sent by curl."""
    body = await request.body()
    if len(body) > MOST_FIELD_BYTES or not body.isascii():
        return RequestForm()
    try:
        return RequestForm(fields=dict(parse_qsl(body.decode(), max_num_fields=MOST_FIELDS)))
    except ValueError:
        raise Refusal(400, f"the form has more than {MOST_FIELDS} fields") from None


READERS = {MULTIPART: _multipart, URLENCODED: _urlencoded}
"""Media type of a form -> what reads it."""
