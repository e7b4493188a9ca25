"""XML of others as a tree, without document types: entities make gigabytes out of a line."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree
from xml.parsers import expat

from darknet_py.errors import DataError
from darknet_py.interchange.file_tree import StoredFile

MOST_BYTES, MOST_DEPTH = 16 << 20, 64
"""Of an annotation file: thousands of objects, and five levels of them."""


class _TooMuch(Exception):
    """What an annotation file has no use for."""


def read_xml(file: StoredFile) -> ElementTree.Element:
    """The root of an XML file; raises DataError for what is none, or has a DOCTYPE."""
    data = file.read(MOST_BYTES)
    builder, depth = ElementTree.TreeBuilder(), 0
    parser = expat.ParserCreate()

    def start(tag: str, values: dict[str, str]) -> None:
        nonlocal depth
        depth += 1
        if depth > MOST_DEPTH:
            raise _TooMuch("more levels than an annotation has")
        builder.start(tag, values)

    def end(tag: str) -> None:
        nonlocal depth
        depth -= 1
        builder.end(tag)

    def refuse(*_: object) -> None:
        raise _TooMuch("a DOCTYPE, which no annotation needs")

    parser.StartElementHandler, parser.EndElementHandler = start, end
    parser.CharacterDataHandler = builder.data
    parser.StartDoctypeDeclHandler = refuse
    try:
        parser.Parse(data, True)
    except _TooMuch as reason:
        raise DataError(f"{file}: has {reason}") from None
    except (expat.ExpatError, ValueError, LookupError) as failure:
        raise DataError(f"{file}: is no XML ({failure})") from None
    return builder.close()
