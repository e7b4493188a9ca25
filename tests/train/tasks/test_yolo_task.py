"""When `yolo train` and `coco train` keep weights."""

from __future__ import annotations

from darknet_py.train.tasks.yolo_task import POLICY


def test_weights_are_numbered_as_in_both_programs() -> None:
    """i % 1000 == 0 || (i < 1000 && i % 100 == 0)."""
    numbered = [now for now in range(1, 3500) if POLICY.number(now - 1, now) == now]
    assert numbered == [*range(100, 1000, 100), 1000, 2000, 3000]
    assert [now for now in range(1, 400) if POLICY.keeps_last(now - 1, now)] == [100, 200, 300]
