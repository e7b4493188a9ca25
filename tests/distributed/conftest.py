"""torch's functions may be replaced: the stand-in for its module would keep what it has found."""

from __future__ import annotations

import pytest
import torch.distributed as dist

from darknet_py.distributed import context


@pytest.fixture(autouse=True)
def _its_functions(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(context, "dist", dist)
