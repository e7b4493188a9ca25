"""What stands before a message of the library on stderr; more is in tests/test_logging.py."""

from __future__ import annotations

import logging

import pytest

from darknet_py.cli.messages import first_words, messages_shown


@pytest.mark.parametrize(
    ("name", "level", "expected"),
    [
        ("darknet_py.train.loop", logging.WARNING, "warning: "),
        ("darknet_py.engines.cache", logging.WARNING, "darknet-py: warning: "),
        ("darknet_py.train.loop", logging.INFO, ""),
        ("darknet_py.engines.devices", logging.ERROR, "darknet-py: error: "),
    ],
)
def test_first_words(name: str, level: int, expected: str) -> None:
    assert first_words(logging.LogRecord(name, level, "", 0, "text", None, None)) == expected


def test_messages_go_to_stderr_inside_only(capsys: pytest.CaptureFixture[str]) -> None:
    logger = logging.getLogger("darknet_py.train.loop")
    before = logging.getLogger("darknet_py").handlers
    with messages_shown():
        logger.info("going on with %s", "x")
    assert capsys.readouterr().err == "going on with x\n"
    assert logging.getLogger("darknet_py").handlers == before
