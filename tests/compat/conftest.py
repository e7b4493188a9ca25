"""Every test of this room begins as a process does: nothing called, nothing loaded."""

from __future__ import annotations

import random
from collections.abc import Iterator

import pytest

from darknet_py.compat import darknet, library_lines, open_network
from darknet_py.compat.dialects import VARIABLE, use_dialect


@pytest.fixture(autouse=True)
def _as_at_the_start(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.delenv(VARIABLE, raising=False)
    monkeypatch.setattr(library_lines, "LINES", library_lines._Lines(processor_told=True))
    monkeypatch.setattr(open_network.MACHINE, "gpu", -1)
    for name in ("netMain", "metaMain", "altNames"):
        monkeypatch.setattr(darknet, name, None)
    state = random.getstate()
    use_dialect("")
    yield
    use_dialect("")
    random.setstate(state)
