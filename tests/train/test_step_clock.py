"""How long the updates of a training take."""

from __future__ import annotations

import pytest

from darknet_py.train.step_clock import CLOCK_KEPT, StepClock


def test_the_clock_forgets_slowly() -> None:
    clock = StepClock()
    clock.add(3.0, 1.0)
    assert (clock.seconds, clock.waited) == (4.0, 1.0), "the first is all there is"
    clock.add(1.0, 0.5)
    kept = CLOCK_KEPT
    assert clock.seconds == pytest.approx(kept * 4 + (1 - kept) * 1.5)
    assert clock.waited == pytest.approx(kept * 1 + (1 - kept) * 0.5)
