"""An image that all tests of `export` share."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest


@pytest.fixture
def image(tmp_path: Path) -> Path:
    pixels = np.random.default_rng(3).integers(0, 256, (40, 60, 3), np.uint8)
    cv2.imwrite(str(tmp_path / "one.png"), pixels)
    return tmp_path / "one.png"
