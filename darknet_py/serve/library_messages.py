"""What the libraries of the server log, said as this package's own messages."""

from __future__ import annotations

import contextlib
import logging
import traceback
from collections.abc import Iterator

logger = logging.getLogger(__name__)

LIBRARIES = ("uvicorn", "python_multipart")


class _Forward(logging.Handler):
    """What libraries say: of errors, such as an answer that breaks off, with what led there; of
    strangers' bad requests only to who wants to know all."""

    def emit(self, record: logging.LogRecord) -> None:
        words = record.getMessage().strip()
        if record.exc_info:
            words = "\n".join([words, "".join(traceback.format_exception(*record.exc_info))])
        level = logging.ERROR if record.levelno >= logging.ERROR else logging.DEBUG
        logger.log(level, "%s", words.rstrip())


@contextlib.contextmanager
def library_messages() -> Iterator[None]:
    """Inside, the messages of LIBRARIES are those of this module."""
    theirs = [logging.getLogger(name) for name in LIBRARIES]
    before = [(one, one.handlers, one.propagate) for one in theirs]
    for one in theirs:
        one.handlers, one.propagate = [_Forward()], False
    try:
        yield
    finally:
        for one, handlers, propagate in before:
            one.handlers, one.propagate = handlers, propagate
