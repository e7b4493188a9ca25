"""Where the lines go that Darknet's library prints by itself."""

from __future__ import annotations

from pathlib import Path

import pytest

from darknet_py.compat import library_lines
from darknet_py.compat.dialects import HANK, ORIGINAL, TODAY
from darknet_py.compat.library_lines import print_lines, say, tell_processor
from darknet_py.network.darknet_lines import Said

PIECES = [Said("one\n"), Said("two\n", True)]


def test_the_environment_can_have_them_left_out(
    capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    say(PIECES, TODAY)  # DARKNET_PY_LOG_STYLE=plain in tests
    assert capfd.readouterr() == ("", "")
    monkeypatch.delenv("DARKNET_PY_LOG_STYLE")
    say(PIECES, TODAY)
    assert capfd.readouterr() == ("one\n", "two\n")


def test_hank_ais_library_is_quiet(
    capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("DARKNET_PY_LOG_STYLE")
    say(PIECES, HANK)
    assert capfd.readouterr() == ("", "")
    library_lines.LINES.verbose = True
    say(PIECES, HANK)
    assert capfd.readouterr().out == "one\n"


def test_a_file_gets_both_streams(capfd: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    library_lines.LINES.file = tmp_path / "log"
    say(PIECES, TODAY)
    assert (tmp_path / "log").read_text() == "one\ntwo\n"
    assert capfd.readouterr() == ("", "")


def test_the_processor_is_told_once(
    capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("DARKNET_PY_LOG_STYLE")
    monkeypatch.setattr(library_lines.darknet_lines, "processor_lines", lambda: PIECES[:1])
    library_lines.LINES.processor_told = False
    tell_processor(ORIGINAL)
    assert capfd.readouterr().out == ""
    tell_processor(TODAY)
    tell_processor(TODAY)
    assert capfd.readouterr().out == "one\n"


def test_what_darknet_py_prints_itself_is_never_left_out(capfd: pytest.CaptureFixture[str]) -> None:
    print_lines("a", "b")
    assert capfd.readouterr().out == "a\nb\n"
