"""What is known of int8 on a network: its file, and whether it is good enough."""

from __future__ import annotations

import pytest

from darknet_py.engines.calibration import Calibration
from darknet_py.errors import DarknetError

MADE = Calibration("a.data", "0f", (("images", 0.0, 0.1 + 0.2), ("b", -3.5, 2.0)), 7, 0.5, 0.47)


def test_its_file() -> None:
    assert Calibration.from_json(MADE.to_json()) == MADE


def test_the_bound() -> None:
    assert MADE.require_small_loss(0.031) is MADE
    line = r"a\.data: mAP@0\.50 of 7 images 50\.00 % in fp32, 47\.00 % in int8: 3\.00 points lost"
    for most, allowed in ((None, "2"), (0.0, "0"), (0.029, r"2\.9")):
        with pytest.raises(DarknetError, match=f"^{line}, {allowed} allowed; take another"):
            MADE.require_small_loss(most)


def test_better_is_no_loss() -> None:
    better = Calibration("a.data", "0f", (), 7, 0.5, 0.6)
    assert better.require_small_loss(0.0) is better and better.loss == pytest.approx(-0.1)
