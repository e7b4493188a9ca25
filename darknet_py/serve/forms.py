"""Multipart forms, read as leniently as by the servers that cameras' programs were written for."""

from __future__ import annotations

from contextlib import aclosing

from python_multipart.multipart import parse_options_header
from starlette.datastructures import FormData
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import Request

from darknet_py.serve.refusal import Refusal

MOST_FILES, MOST_FIELDS = 16, 64


class LenientParser(MultiPartParser):
    """A part without a name has the name "": SynoAI sends its JSON like that, which the servers of
    its time passed over, and for which Starlette refuses the whole form."""

    def on_headers_finished(self) -> None:
        part = self._current_part
        if b"name" not in parse_options_header(part.content_disposition)[1]:
            part.content_disposition = (part.content_disposition or b"form-data") + b'; name=""'
        super().on_headers_finished()


async def read_form(request: Request) -> FormData:
    """The files and fields of a multipart form, to be closed by the caller; raises Refusal."""
    try:
        async with aclosing(request.stream()) as stream:
            parser = LenientParser(
                request.headers, stream, max_files=MOST_FILES, max_fields=MOST_FIELDS
            )
            return await parser.parse()
    except MultiPartException as error:
        raise Refusal(400, f"the form cannot be read: {error.message}") from error
