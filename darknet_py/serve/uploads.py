"""The image in a request, and what is said beside it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from starlette.datastructures import UploadFile
from starlette.requests import Request

from darknet_py.serve.forms import read_form
from darknet_py.serve.refusal import Refusal

FORM = "multipart/form-data"


@dataclass(frozen=True)
class Upload:
    """data: of the image file. fields: the text fields of the form, and those of the address,
    which count less."""

    data: bytes
    fields: Mapping[str, str]


async def read_upload(request: Request, field: str = "image") -> Upload:
    """The image that is the body, or the file `field` of a multipart form, or its only file.

    Raises Refusal: 400 where there is none.
    """
    fields = dict(request.query_params)
    if not request.headers.get("content-type", "").startswith(FORM):
        data = await request.body()
        if not data:
            raise Refusal(400, "no image: send its bytes as the body, or as the field 'image'")
        return Upload(data, fields)
    form = await read_form(request)
    try:
        files = {name: value for name, value in form.items() if isinstance(value, UploadFile)}
        fields |= {name: value for name, value in form.items() if isinstance(value, str)}
        chosen = files.get(field) or next(iter(files.values()), None)
        if chosen is None:
            raise Refusal(400, f"no image: the form has no file called {field!r}")
        return Upload(await chosen.read(), fields)
    finally:
        await form.close()
