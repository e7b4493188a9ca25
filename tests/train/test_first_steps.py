"""Every shipped cfg trains: a step of one small image moves all that the network has."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
from support.first_step import first_step, small_copy

CFGS = sorted((Path(__file__).parents[2] / "cfg").glob("*.cfg"))
SIDE = 128
"""Pixels: four cells of the deepest head."""
NET = """[net]
batch=64
subdivisions=16
width=64
height=32
channels=3
burn_in=1000
learning_rate=1e-9
[conv]
{options}
filters=8
size=3
pad=1
activation=leaky
[conv]
filters=9
[yolo]
classes=4
num=2
mask=0
anchors=8,8, 16,16
"""


@pytest.mark.slow
@pytest.mark.parametrize("cfg", CFGS, ids=lambda path: path.stem)
def test_a_step_moves_all_of_a_shipped_network(tmp_path: Path, cfg: Path) -> None:
    step = first_step(small_copy(cfg, tmp_path, SIDE))
    assert math.isfinite(step.loss) and step.loss > 0
    assert (step.without_gradient, step.not_moved, step.not_finite) == ((), (), ())


@pytest.mark.parametrize(
    ("options", "still"),
    [
        ("batch_normalize=1", ()),
        ("batch_normalize=1\nstopbackward=1", ("biases", "scales", "weights")),
        ("dont_update=1", ("biases", "weights")),
    ],
)
def test_what_does_not_learn_is_told(tmp_path: Path, options: str, still: tuple[str, ...]) -> None:
    (tmp_path / "net.cfg").write_text(NET.format(options=options))
    copy = small_copy(tmp_path / "net.cfg", tmp_path, 32)
    assert {"width=32", "height=32", "batch=1", "burn_in=0"} < set(copy.read_text().split())
    step = first_step(copy)
    names = {f"layers.0.{name}" for name in still}
    assert (set(step.not_moved), step.not_finite) == (names, ())
