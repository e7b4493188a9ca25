"""A text is learnt once a session."""

from __future__ import annotations

import pytest
from support.learnt_text import LAYERS, STEPS, Learnt, files, train


@pytest.fixture(scope="session", params=list(LAYERS))
def learnt(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Learnt:
    cfg, weights = files(tmp_path_factory.mktemp("text"), request.param)
    return Learnt(cfg, weights, train(cfg, weights, STEPS[request.param]))
