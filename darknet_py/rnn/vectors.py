"""Lines of text as the numbers a recurrent net's first layer holds after them: `rnn vec`."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from darknet_py.rnn.reader import Reader

BLANKS = b" \t\r\n"
END = ord(" ")
"""Read behind every line."""


def without_blanks(line: bytes) -> bytes:
    """The line as it is read and printed; Darknet drops its blanks wherever they stand."""
    return line.translate(None, BLANKS)


def vector(reader: Reader, seed: Sequence[int], line: bytes) -> NDArray[np.float64]:
    """The first layer's outputs, (outputs,), after the seed, the line and a blank.

    reader: of one step at a time. Its memory is emptied first: each line stands for itself, as on
    Darknet's GPU path; on its CPU path a line still knows those before it.
    """
    reader.state.clear()
    for code in (*seed, *line):
        reader.read_first_layer([code])
    return reader.read_first_layer([END])[0]


def vector_line(line: bytes, values: NDArray[np.float64]) -> bytes:
    """The line and its numbers, with commas between them."""
    return b",".join([line, *(f"{value:g}".encode() for value in values)])
