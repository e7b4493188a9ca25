"""The header that pytorchyolo (PyTorch-YOLOv3) writes for a network it trained from nothing.

It has five numbers of 4 bytes: version 0.0.0, images seen, 0. Darknet reads `seen` in 8 bytes only
from version 0.2 on, in 4 before, so that it takes the fifth number for the first weight and every
weight for the one before it.
"""

from __future__ import annotations

import shutil
import struct
from pathlib import Path

from darknet_py.errors import CANNOT_OPEN, WeightsError, open_failure
from darknet_py.files import replacing
from darknet_py.files.folders import COPY_BYTES
from darknet_py.network import weights_layout
from darknet_py.network.graph import Graph
from darknet_py.network.weights_header import Header, measured

SHIFTED = struct.Struct("<iiiIi")
REVISION = 5
"""AlexeyAB's program writes version 0.2.5."""


def repair_header(path: str, out: Path, graph: Graph | None = None) -> Header:
    """Write the file with the header that says what is in it; the weights stay as they are.

    graph: it is compared with that first. Gives the new header. Raises WeightsError for a file
    that has no such header, OutputError.
    """
    size, header, _ = measured(path)
    try:
        with open(path, "rb") as file:
            found = _repaired(path, header, file.read(SHIFTED.size))
            floats = (size - SHIFTED.size) / 4
            if graph is not None and floats != graph.parameters:
                message = f"has {floats:g} floats behind that header, the cfg needs"
                raise WeightsError(f"{path}: {message} {graph.parameters}")
            with replacing(out) as target:
                target.write(found.pack())
                shutil.copyfileobj(file, target, COPY_BYTES)
    except CANNOT_OPEN as failure:
        raise WeightsError(f"{path}: cannot be read: {open_failure(failure)}") from None
    return found


def _repaired(path: str, header: Header, start: bytes) -> Header:
    version = ".".join(map(str, header.version))
    if header.version != weights_layout.NO_VERSION:
        raise WeightsError(f"{path}: needs no repair: its header is of version {version}")
    *_, seen, high = SHIFTED.unpack(start.ljust(SHIFTED.size, b"\1"))
    if high != 0:
        message = "needs no repair: its weights begin right behind the 16 bytes of its header"
        raise WeightsError(f"{path}: {message}")
    return Header(0, 2, REVISION, seen)
