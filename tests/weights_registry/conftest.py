"""A cache folder of the test's own, and no proxy."""

from __future__ import annotations

from pathlib import Path

import pytest

PROXIES = ("http_proxy", "https_proxy", "all_proxy", "no_proxy")


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the files lie."""
    for name in PROXIES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    monkeypatch.delenv("DARKNET_PY_OFFLINE")
    monkeypatch.setenv("DARKNET_PY_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache" / "weights"
