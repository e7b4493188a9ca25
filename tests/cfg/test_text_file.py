"""What a whole text file may be."""

from __future__ import annotations

from pathlib import Path

import pytest

from darknet_py.cfg.text_file import MAX_BYTES, read_text
from darknet_py.errors import CfgError


def test_how_large_a_text_may_be(tmp_path: Path) -> None:
    assert MAX_BYTES == 4 << 20
    path = tmp_path / "a.cfg"
    path.write_text("12345678")
    assert read_text(path, "a cfg", CfgError, most=8) == "12345678"
    path.write_text("123456789")
    with pytest.raises(CfgError, match="is larger than 0 MB, expected a cfg file"):
        read_text(path, "a cfg", CfgError, most=8)
    assert read_text(path, "a list", CfgError, most=None) == "123456789"
