"""The cache folder as it is."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from darknet_py.doctor.cache_facts import cache
from darknet_py.engines.cache_folder import CURE


def test_what_is_in_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = tmp_path / "cache"
    home.mkdir(0o700)
    (home / "weights").mkdir()
    (home / "a.pt2").write_bytes(b"x" * 100)
    (home / "weights" / "b").write_bytes(b"x" * 11)
    monkeypatch.setenv("DARKNET_PY_CACHE", str(home))
    found = cache()
    facts = dict(found.facts)
    assert isinstance(facts.pop("free_bytes"), int)
    assert facts == {
        "folder": str(home),
        "chosen_by": "DARKNET_PY_CACHE",
        "exists": True,
        "files": 2,
        "size_bytes": 111,
        "writable": True,
    }
    assert found.remarks == ()


def test_one_that_is_not_there_yet_is_not_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("DARKNET_PY_CACHE", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "deep" / "er"))
    found = cache()
    assert (found.facts["chosen_by"], found.facts["exists"]) == ("default", False)
    assert (found.facts["files"], found.facts["writable"]) == (0, True)
    assert os.listdir(tmp_path) == []


def test_why_it_cannot_be_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("")
    shared = tmp_path / "shared"
    shared.mkdir()
    shared.chmod(0o777)
    reasons = {
        str(tmp_path / "file" / "cache"): f"{tmp_path / 'file'}: is no folder; {CURE}",
        "relative": "relative: the cache folder's path is relative; set DARKNET_PY_CACHE",
        str(shared): f"{shared}: others may write it, and machine code is loaded from there",
    }
    for place, reason in reasons.items():
        monkeypatch.setenv("DARKNET_PY_CACHE", place)
        found = cache()
        start = "nothing is kept, so that --compile and other engines start slowly: "
        assert found.facts["writable"] is False
        assert found.remarks[0].startswith(start + reason)
    monkeypatch.setenv("DARKNET_PY_CACHE", str(tmp_path / "new"))
    monkeypatch.setattr(os, "access", lambda place, mode: False)
    assert cache().remarks[0].endswith(f": {tmp_path}: cannot be written; {CURE}")
