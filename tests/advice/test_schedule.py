"""How long to train, and class names that know left from right."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.sized_set import two_heads

from darknet_py.advice.schedule import batches_for, schedule_options, sided_names, usual_batch
from darknet_py.network.graph import read_graph


@pytest.mark.parametrize(
    "classes, images, expected",
    [(1, 100, 6000), (3, 6000, 6000), (4, 100, 8000), (80, 118_000, 160_000), (4, 9000, 9000)],
)
def test_updates_by_classes_and_images(classes: int, images: int, expected: int) -> None:
    assert batches_for(classes, images) == expected


def test_the_rate_falls_at_80_and_90_percent(tmp_path: Path) -> None:
    net = read_graph(two_heads(tmp_path)).net
    assert schedule_options(net, 8000) == {"max_batches": "8000", "steps": "6400,7200"}


def test_steps_that_warm_up_stay(tmp_path: Path) -> None:
    lines = {"steps": "steps=-1,100,20000,30000", "scales": "scales=.1,10,.1,.1"}
    net = read_graph(two_heads(tmp_path, **lines)).net
    expected = {"max_batches": "6000", "steps": "-1,100,4800,5400"}
    assert schedule_options(net, 6000) == expected, "as many scales as before"
    net = read_graph(two_heads(tmp_path, steps="steps=100,300,400", scales="scales=2,.1,.1")).net
    assert schedule_options(net, 6000)["steps"] == "100,4800,5400"
    net = read_graph(two_heads(tmp_path, steps="steps=400", scales="scales=.1")).net
    assert schedule_options(net, 6000)["scales"] == "0.1,0.1"


def test_other_policies_keep_what_they_have(tmp_path: Path) -> None:
    net = read_graph(two_heads(tmp_path, policy="policy=sgdr")).net
    assert schedule_options(net, 6000) == {"max_batches": "6000"}


@pytest.mark.parametrize(
    "names, expected",
    [
        (("left_hand", "turn right", "hand"), ["left_hand", "turn right"]),
        (("Left", "bright", "leftover", "copyright"), ["Left"]),
        (("lane_l", "lane_r", "lane"), ["lane_l", "lane_r"]),
        (("size_l", "size_m"), []),
        (("cat", "dog"), []),
    ],
)
def test_names_of_things_that_a_mirror_changes(names: tuple[str, ...], expected: list[str]) -> None:
    assert sided_names(names) == expected


def test_batches_that_are_too_small_to_learn_from() -> None:
    assert [usual_batch(batch) for batch in (1, 8, 31, 32, 64, 128)] == [64, 64, 64, 32, 64, 128]
