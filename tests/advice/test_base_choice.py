"""Which of the shipped cfgs is recommended."""

from __future__ import annotations

from dataclasses import replace

import pytest

from darknet_py.advice import base_choice
from darknet_py.advice.advice_report import BaseFacts
from darknet_py.advice.device_memory import MemoryFit
from darknet_py.train.step_memory import StepMemory

STEP = StepMemory(fixed=1, per_image=1, width=416, height=416)
FIT = MemoryFit("cuda:0", 100, STEP, 64, 16, True)
FAST = BaseFacts("yolov4-tiny", 416, 416, 7.0, 16, 0.02, FIT)
EXACT = replace(FAST, name="yolov4", finest_stride=8)


def choice(device: str, fast: BaseFacts = FAST, exact: BaseFacts = EXACT) -> str:
    return base_choice._choice({one.name: one for one in (fast, exact)}, device)


def test_the_accurate_one_where_four_images_fit_at_once() -> None:
    assert choice("cuda:0") == "yolov4"
    assert choice("cpu") == "yolov4-tiny"
    assert choice("cuda:0", exact=replace(EXACT, memory=replace(FIT, subdivisions=32))) == (
        "yolov4-tiny"
    )
    assert choice("cuda:0", exact=replace(EXACT, memory=replace(FIT, fits=False))) == "yolov4-tiny"


@pytest.mark.parametrize("share, expected", [(0.1, "yolov4-tiny"), (0.11, "yolov4-tiny-3l")])
def test_the_one_with_a_finer_head_for_small_objects(share: float, expected: str) -> None:
    assert choice("cpu", fast=replace(FAST, under_cell=share)) == expected


def test_the_one_that_is_chosen_is_found() -> None:
    rows = [FAST, replace(EXACT, chosen=True)]
    assert base_choice.chosen_base(rows) == "yolov4"
