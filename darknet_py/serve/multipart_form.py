"""A multipart form, taken piece by piece as it comes; all of it stays in memory."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

from darknet_py.serve.refusal import Refusal

MOST_PARTS = 100
MOST_FIELD_BYTES = 65_536
MOST_BOUNDARY_BYTES = 200
MOST_HEAD_BYTES = 8_192
"""Of the head of a part."""


def boundary_of(content_type: str) -> bytes:
    """What stands between the parts; raises Refusal where nothing does, or too much."""
    boundary = parse_options_header(content_type.encode("latin-1"))[1].get(b"boundary", b"")
    if not boundary:
        raise Refusal(400, "the multipart form has no boundary in its Content-Type")
    if len(boundary) > MOST_BOUNDARY_BYTES:
        raise Refusal(400, "the boundary of the multipart form is too long")
    return boundary


def plain_text(data: bytes) -> str:
    """Of old clients, too."""
    try:
        return data.decode()
    except UnicodeDecodeError:
        return data.decode("latin-1")


class MultipartForm:
    """boundary: of `boundary_of`."""

    def __init__(self, boundary: bytes) -> None:
        # The parser knows the parts and not this object: in a circle images of megabytes would
        # stay in memory until Python looks for circles, which it seldom does.
        self._parts = FormParts()
        calls: Any = self._parts.calls()  # its type is that library's own
        try:
            self._parser = MultipartParser(boundary, calls)
        except FormParserError as failure:
            raise Refusal(400, f"the multipart form cannot be read: {failure}") from None

    @property
    def files(self) -> dict[str, bytes]:
        """The bytes of parts with a file name, by the name of the part; of a name that comes twice
        the last one counts."""
        return self._parts.files

    @property
    def fields(self) -> dict[str, str]:
        """The text of the other parts, likewise."""
        return self._parts.fields

    def feed(self, data: bytes) -> None:
        """The next bytes of the body. Raises Refusal for what is no form, and for too many parts,
        or too large ones."""
        try:
            self._parser.write(data)
        except FormParserError as failure:
            words = str(failure)[:200]
            raise Refusal(400, f"the multipart form cannot be read: {words}") from None

    def close(self) -> None:
        """All has been fed; raises Refusal where the form is not at its end."""
        if not self._parts.whole:
            raise Refusal(400, "the multipart form breaks off before its last boundary")


class FormParts:
    """What the parser finds, put together. whole: the last boundary has come."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.fields: dict[str, str] = {}
        self.whole = False
        self._count = 0

    def calls(self) -> dict[str, Callable[..., None]]:
        """By the parser's names for its events."""
        return {
            "on_part_begin": self._begin,
            "on_header_field": self._header_name,
            "on_header_value": self._header_value,
            "on_header_end": self._header_end,
            "on_headers_finished": self._head_end,
            "on_part_data": self._content,
            "on_part_end": self._end,
            "on_end": self._last,
        }

    def _begin(self) -> None:
        self._count += 1
        if self._count > MOST_PARTS:
            raise Refusal(400, f"the multipart form has more than {MOST_PARTS} parts")
        self._head_bytes = 0
        self._header = self._value = self._disposition = b""
        self._pieces: list[bytes] = []

    def _header_name(self, data: bytes, start: int, end: int) -> None:
        self._count_head(end - start)
        self._header += data[start:end]

    def _header_value(self, data: bytes, start: int, end: int) -> None:
        self._count_head(end - start)
        self._value += data[start:end]

    def _count_head(self, count: int) -> None:
        self._head_bytes += count
        if self._head_bytes > MOST_HEAD_BYTES:
            raise Refusal(400, "the head of a part of the multipart form is too long")

    def _header_end(self) -> None:
        if self._header.lower() == b"content-disposition":
            self._disposition = self._value
        self._header = self._value = b""

    def _head_end(self) -> None:
        options = parse_options_header(self._disposition)[1]
        # SynoAI sends its JSON without a name, which the servers of its time passed over.
        self._name = plain_text(options.get(b"name", b""))
        self._is_file = b"filename" in options
        self._room = None if self._is_file else MOST_FIELD_BYTES

    def _content(self, data: bytes, start: int, end: int) -> None:
        if self._room is not None:
            self._room -= end - start
            if self._room < 0:
                most = f"{MOST_FIELD_BYTES} bytes, as it has no file name"
                raise Refusal(400, f"the field {self._name[:40]!r} may have {most}")
        self._pieces.append(data[start:end])

    def _end(self) -> None:
        content = b"".join(self._pieces)
        self._pieces = []
        if self._is_file:
            self.files[self._name] = content
        else:
            self.fields[self._name] = plain_text(content)

    def _last(self) -> None:
        self.whole = True
