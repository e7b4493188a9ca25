"""random=: sizes of both forks, every ten updates, the same ones for the same seed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from darknet_py.network.graph import Graph, read_graph
from darknet_py.train.multi_scale import InputSizes, mini_batch_at

CFG = """[net]
height={height}
width={width}
channels=3
max_batches=1000
{net}
[convolutional]
filters=18
size=1
activation=linear
[yolo]
classes=1
num=3
mask=0,1,2
anchors=4,4, 8,8, 12,12
random={random}
"""


def graph_of(
    folder: Path,
    random: float,
    fork: str = "alexeyab",
    width: int = 416,
    height: int = 416,
    net: str = "",
) -> Graph:
    path = folder / "net.cfg"
    path.write_text(CFG.format(height=height, width=width, net=net, random=random))
    return read_graph(path, fork=fork)


def test_without_random_the_size_stays(tmp_path: Path) -> None:
    sizes = InputSizes(graph_of(tmp_path, 0, width=320), 0)
    assert {sizes.at(step) for step in range(1, 200)} == {(320, 416)}


def test_alexeyabs_range(tmp_path: Path) -> None:
    """round(416 * f / 32 + 1) * 32 for f in 1/1.4 .. 1.4, but not above 416 where f is below 1."""
    sizes = InputSizes(graph_of(tmp_path, 1), 0)
    seen = {sizes.at(step)[0] for step in range(11, 901)}
    assert seen <= set(range(320, 609, 32))
    assert min(seen) == 320 and max(seen) >= 576
    assert all(sizes.at(step)[0] == sizes.at(step)[1] for step in range(1, 901, 7))


def test_the_largest_comes_first_and_last(tmp_path: Path) -> None:
    sizes = InputSizes(graph_of(tmp_path, 1), 0)
    assert {sizes.at(step) for step in [*range(1, 11), *range(901, 1001)]} == {(608, 608)}


def test_ten_steps_have_one_size(tmp_path: Path) -> None:
    sizes = InputSizes(graph_of(tmp_path, 1), 3)
    tens = [{sizes.at(step) for step in range(start, start + 10)} for start in range(11, 800, 10)]
    assert {len(ten) for ten in tens} == {1}
    assert len(set.union(*tens)) > 5


def test_a_factor_of_its_own_and_a_coarser_step(tmp_path: Path) -> None:
    graph = graph_of(tmp_path, 1.2, width=448, height=224, net="resize_step=64")
    sizes = InputSizes(graph, 0)
    assert sizes.at(1) == (576, 320)
    others = {sizes.at(step) for step in range(11, 900)} - {(448, 224)}
    assert others and all(side % 64 == 0 for size in others for side in size)


def test_pjreddies_squares(tmp_path: Path) -> None:
    sizes = InputSizes(graph_of(tmp_path, 1, "pjreddie", width=320, height=256), 0)
    assert {sizes.at(step)[0] for step in range(1, 801)} == set(range(320, 609, 32))
    assert {sizes.at(step) for step in range(801, 1001)} == {(608, 608)}


def test_seeds_and_updates_per_step(tmp_path: Path) -> None:
    graph = graph_of(tmp_path, 1)
    runs = [[InputSizes(graph, seed).at(step) for step in range(11, 500)] for seed in (1, 1, 2)]
    assert runs[0] == runs[1] != runs[2]
    # Four devices: step 226 is update 904, so the end has begun.
    assert InputSizes(graph, 0, updates_per_step=4).at(226) == (608, 608)


@pytest.mark.parametrize("width", [8, 16])
def test_never_below_one_step(tmp_path: Path, width: int) -> None:
    sizes = InputSizes(graph_of(tmp_path, 1.4, width=width, height=width), 0)
    assert min(min(sizes.at(step)) for step in range(1, 900)) >= 32


@pytest.mark.parametrize(
    ("random", "options"),
    [
        (0, {}),
        (1, {}),
        (1.2, {"width": 448, "height": 224}),
        (0.5, {}),
        (1, {"fork": "pjreddie"}),
        (0, {"fork": "pjreddie"}),
    ],
)
def test_the_largest_of_all(tmp_path: Path, random: float, options: dict[str, Any]) -> None:
    sizes = InputSizes(graph_of(tmp_path, random, **options), 0)
    every = [sizes.at(step) for step in range(1, 1001)]
    assert all(size[0] <= sizes.largest[0] and size[1] <= sizes.largest[1] for size in every)
    # The inverse of a factor below 1 is drawn as often, and seldom just that.
    assert sizes.largest in every or random == 0.5


DYNAMIC = "batch=64\nsubdivisions=8\ndynamic_minibatch=1"


@pytest.mark.parametrize(
    ("side", "images"),
    [
        # 8 images of the largest size, 608, have as many pixels as so many of these, rounded down:
        (608, 8),
        (576, 8),  # 8.9
        (544, 9),  # 9.99, of which .8 are fewer than 8
        (512, 11),  # 11.3
        (480, 9),  # 12.8, of which .8 are taken
        (416, 13),  # 17.1
        (320, 22),  # 28.9
    ],
)
def test_images_of_a_mini_batch(tmp_path: Path, side: int, images: int) -> None:
    assert mini_batch_at(graph_of(tmp_path, 1, net=DYNAMIC), (side, side)) == images
    for random, fork in ((0, "alexeyab"), (1, "pjreddie")):
        assert mini_batch_at(graph_of(tmp_path, random, fork, net=DYNAMIC), (side, side)) == 8
    assert mini_batch_at(graph_of(tmp_path, 1, net=DYNAMIC[:-1] + "0"), (side, side)) == 8
    in_sequence = graph_of(tmp_path, 1, net=f"{DYNAMIC}\ntrack=1")
    assert mini_batch_at(in_sequence, (side, side)) == 8


@pytest.mark.parametrize("random", [0, 0.4, 1, 1.9])
def test_images_of_a_step(tmp_path: Path, random: float) -> None:
    graph = graph_of(tmp_path, random, net=DYNAMIC)
    sizes = InputSizes(graph, 0)
    counts = {sizes.images_at(step) for step in range(1, 1001)}
    assert all(count % 8 == 0 and 0 < count <= sizes.most_images for count in counts)
    assert sizes.most_images % 64 == 0
    expected = {8 * mini_batch_at(graph, sizes.at(step)) for step in range(1, 1001)}
    assert counts == expected and (len(counts) > 1) == bool(random)


@pytest.mark.parametrize("sequences", ["time_steps=2", "track=1"])
def test_sequences_keep_their_number(tmp_path: Path, sequences: str) -> None:
    graph = graph_of(tmp_path, 1, net=f"{DYNAMIC}\n{sequences}")
    sizes, usual = InputSizes(graph, 0), graph.net.step_images
    assert {sizes.images_at(step) for step in range(1, 200)} == {usual} == {sizes.most_images}
    told = [str(n) for n in graph.notices if n.location.key == "dynamic_minibatch"]
    # Of track=1 `check` tells, and training.
    assert len(told) == ("time_steps" in sequences)
    assert all("no effect with time_steps: sequences keep" in warning for warning in told)
