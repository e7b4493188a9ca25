"""Darknet's count of images, four at a time."""

from __future__ import annotations

import pytest

from darknet_py.evaluate.image_counter import image_counter


@pytest.mark.parametrize(
    ("total", "steps", "shown"),
    [
        (9, (1, 2, 1, 5), "\r4\r8\r12"),
        (8, (8,), "\r4\r8"),
        (3, (1, 2), "\r3"),
        (9, (3, 3), "\r4"),
    ],
)
def test_the_steps_reached(
    total: int, steps: tuple[int, ...], shown: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with image_counter(total, "\r{}") as count:
        for step in steps:
            count(step)
    assert capsys.readouterr() == ("", shown)
