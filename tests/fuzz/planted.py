"""A worker with faults, by which the harness itself is tested."""

from __future__ import annotations

import os
import signal
import sys
import time
import warnings
from collections.abc import Sequence
from pathlib import Path

from fuzz.entries import LIBRARY
from fuzz.worker import main

HOARD = 300 << 20


def divides(words: Sequence[str]) -> None:
    """Only where a seven stands in the file."""
    if b"7" in Path(words[0]).read_bytes():
        raise ZeroDivisionError("planted")


def dies(words: Sequence[str]) -> None:
    os.kill(os.getpid(), signal.SIGSEGV)


def hangs(words: Sequence[str]) -> None:
    time.sleep(60)


def hoards(words: Sequence[str]) -> None:
    b"x" * HOARD


def warns(words: Sequence[str]) -> None:
    warnings.warn("planted", RuntimeWarning, stacklevel=1)


def writes(words: Sequence[str]) -> None:
    Path("a.json").write_text('{"inf": NaN}')


LIBRARY.update({f.__name__: f for f in (divides, dies, hangs, hoards, warns, writes)})

if __name__ == "__main__":
    main(int(sys.argv[1]), float(sys.argv[2]))
