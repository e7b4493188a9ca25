"""Every layer of small networks against what the C programs computed (committed copies)."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from support.golden_check import (
    GOLDEN,
    TOLERANCE,
    cases,
    check_saves_the_same_bytes,
    errors,
    loaded,
    relative,
)

CASES = cases(GOLDEN)


def test_both_forks_are_recorded() -> None:
    assert len(CASES) >= 28
    assert {case.split("/")[1] for case in CASES} == {"alexeyab", "pjreddie"}


@pytest.mark.parametrize("case", CASES)
def test_every_layer(case: str) -> None:
    name, fork = case.split("/")
    off = [actual for actual in errors(GOLDEN / name, fork) if not actual[2] <= TOLERANCE]
    assert off == []


@pytest.mark.parametrize("case", CASES)
def test_saved_bytes(case: str, tmp_path: Path) -> None:
    name, fork = case.split("/")
    check_saves_the_same_bytes(GOLDEN / name, fork, tmp_path / "again.weights")


@pytest.mark.parametrize("case", CASES)
def test_folded_networks_give_the_same(case: str) -> None:
    name, fork = case.split("/")
    net = loaded(GOLDEN / name, fork)
    x = torch.from_numpy(np.load(GOLDEN / name / f"forward-{fork}.npz")["input"])
    with torch.no_grad():
        pairs = zip(net.for_inference()(x), net(x), strict=True)
        assert all(relative(fast.numpy(), plain.numpy()) <= 1e-5 for fast, plain in pairs)


def test_the_comparison_itself_notices_a_difference(tmp_path: Path) -> None:
    """One weight off by a hundredth is far outside the tolerance."""
    source = GOLDEN / "yolov3"
    for file in source.iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    net = loaded(tmp_path, "alexeyab")
    with torch.no_grad():
        net.own(4)["weights"][0, 0, 0, 0] += 0.01
    net.save_weights(tmp_path / "net.weights")
    off = [index for index, _, error in errors(tmp_path, "alexeyab") if not error <= TOLERANCE]
    assert off and min(off) == 4
