"""Frames of sequences: which image of the list each sample is, and what frames draw alike."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from support.coloured_samples import RectangleImage, graph, labelled

from darknet_py.augment.config import AugmentConfig
from darknet_py.augment.draws import SampleDraws
from darknet_py.augment.mix_coin import MOST_SAMPLES
from darknet_py.augment.sample_images import Sequences
from darknet_py.data.detection_samples import DetectionSet
from darknet_py.images.reduced_images import Decoded

SIZE = (64, 48)
TRACK = "track=1\nbatch=6\nsubdivisions=3\ntime_steps=4\n"
"""Updates of 24 images: sub-batches of 4 moments of 2 sequences."""


def film(folder: Path, net: str, head: str = "jitter=0", frames: int = 50) -> DetectionSet:
    """One image many times over, each time under the number of its frame."""
    rectangle = RectangleImage(0, (100, 80), (20, 20, 60, 50))
    made, cached = graph(folder, net, head), {}
    for number in range(frames):
        path = folder / f"{number}.png"
        path.with_suffix(".txt").write_text(rectangle.label)
        cached[str(path)] = Decoded(rectangle.pixels(3), rectangle.size)
    config = AugmentConfig.of(made)
    return DetectionSet(list(cached), config, cached, sequences=Sequences.of(made))


def frames_of(source: DetectionSet, numbers: range, seed: int = 0) -> list[list[int]]:
    """Which images each sample is made of."""
    drawn = (source.drawn(number, *SIZE, seed) for number in numbers)
    return [[int(Path(path).stem) for path in paths] for paths in drawn]


def as_in_c(first: list[int], count: int, images: int, parts: int, streams: int) -> list[int]:
    """What AlexeyAB's loops make of `count` images an update in so many parts, each of which has
    drawn these starts and a speed: a thread's images take turns over the streams."""
    made: list[int] = []
    draws = iter(first)
    for part in range(parts):
        rows = (part + 1) * count // parts - part * count // parts
        starts, speed = [next(draws) for _ in range(streams)], next(draws)
        for row in range(rows):
            made.append(starts[row % streams] % images)
            starts[row % streams] += speed
    return made


@pytest.mark.parametrize(
    ("options", "parts"),
    [
        ("", 3),
        ("sequential_subdivisions=1", 1),
        ("sequential_subdivisions=2", 2),
    ],
)
def test_frames_follow_as_in_alexeyabs_loops(tmp_path: Path, options: str, parts: int) -> None:
    source = film(tmp_path, f"{TRACK}augment_speed=3\n{options}")
    speeds, starts = set(), set()
    for update in range(8):
        got = [paths[0] for paths in frames_of(source, range(24 * update, 24 * update + 24))]
        drawn: list[int] = []
        for part in range(parts):
            begin = part * 24 // parts
            speed = (got[begin + 2] - got[begin]) % 50
            drawn += [*got[begin : begin + 2], speed]
            speeds.add(speed)
            starts |= {*got[begin : begin + 2]}
        assert got == as_in_c(drawn, 24, 50, parts, streams=2)
    assert speeds <= {1, 2, 3}
    assert len(speeds) > 1 and len(starts) > 8


def test_the_speed_is_every_frame_up_to_augment_speed(tmp_path: Path) -> None:
    for written, expected in ((0, {1}), (1, {1}), (4, {1, 2, 3, 4})):
        source = film(tmp_path, f"{TRACK}augment_speed={written}")
        speeds = set()
        for part in range(40):
            (one,), _, (next_one,) = frames_of(source, range(8 * part, 8 * part + 3))
            speeds.add((next_one - one) % 50)
        assert speeds == expected


def test_seq_scales_make_longer_sequences_from_their_update_on(tmp_path: Path) -> None:
    scales = "policy=steps\nsteps=1\nscales=1\nseq_scales=.34\naugment_speed=1"
    source = film(tmp_path, f"{TRACK}{scales}")
    for update, parts in ((0, 3), (1, 1), (2, 1)):
        got = [paths[0] for paths in frames_of(source, range(24 * update, 24 * update + 24))]
        steps = [(after - before) % 50 for before, after in zip(got, got[2:], strict=False)]
        assert steps.count(1) >= 24 - 2 * parts
        assert all(steps[24 // parts * part - 2] != 1 for part in range(1, parts))


def test_processes_take_parts_of_their_own_and_count_updates_together(tmp_path: Path) -> None:
    """Two of them: sample 24 is the other's first of the same update."""
    scales = "policy=steps\nsteps=2\nscales=1\nseq_scales=.34\naugment_speed=1"
    made = graph(tmp_path, f"{TRACK}{scales}")
    pair = Sequences.of(made, world=2)
    assert pair is not None
    draws = SampleDraws.of(np.random.default_rng(0))

    def moments(number: int) -> int:
        return pair.frames(draws, number, 0, 0).moment

    # Both processes' first update has parts of 4 moments; after it two updates are completed.
    assert [moments(number) for number in (8, 24 + 8, 48 + 8, 72 + 8)] == [0, 0, 4, 4]
    source = film(tmp_path, f"{TRACK}augment_speed=1")
    assert frames_of(source, range(24)) != frames_of(source, range(24, 48))


def test_frames_are_augmented_alike_and_sequences_are_not(tmp_path: Path) -> None:
    head = "jitter=.3\nresize=1.5"
    source = film(tmp_path, f"{TRACK}hue=.2\nsaturation=2\nexposure=2", head)
    pixels = [source.sample(number, *SIZE, 3)[0] for number in range(48)]
    parts = [pixels[first : first + 8] for first in range(0, 48, 8)]
    for part in parts:
        assert all((one == part[0]).all() for one in part)
    assert len({part[0].tobytes() for part in parts}) == 6
    # The same options without track: each image by itself.
    alone = film(tmp_path, TRACK.replace("track=1", "track=0"), head)
    assert len({alone.sample(number, *SIZE, 3)[0].tobytes() for number in range(8)}) == 8


def test_noise_differs_between_frames_and_whether_there_is_any_does_not(tmp_path: Path) -> None:
    source = film(tmp_path, f"{TRACK}gaussian_noise=40\nflip=0")
    plain = film(tmp_path, f"{TRACK}flip=0").sample(0, *SIZE, 0)[0]
    noisy = []
    for part in range(10):
        pixels = [source.sample(number, *SIZE, 0)[0] for number in range(8 * part, 8 * part + 8)]
        kinds = {bool((one != plain).any()) for one in pixels}
        assert len(kinds) == 1
        noisy += kinds
        assert len({one.tobytes() for one in pixels}) == (8 if noisy[-1] else 1)
    assert set(noisy) == {True, False}


@pytest.mark.parametrize(("mix", "images"), [("mixup=1", 2), ("mosaic=1", 4)])
def test_a_part_is_mixed_as_a_whole_of_other_sequences(
    tmp_path: Path, mix: str, images: int
) -> None:
    source, kinds = film(tmp_path, f"{TRACK}{mix}\naugment_speed=1"), []
    for part in range(12):
        frames = frames_of(source, range(8 * part, 8 * part + 8))
        (count,) = {len(paths) for paths in frames}
        kinds.append(count)
        for layer in range(count):
            row = [paths[layer] for paths in frames]
            assert all((b - a) % 50 == 1 for a, b in zip(row, row[2:], strict=False))
        assert count == 1 or len({(paths[0] - paths[1]) % 50 for paths in frames[::2]}) == 1
    assert set(kinds) == {1, images}


def test_pairs_of_contrastive_training_are_one_sequence(tmp_path: Path) -> None:
    source = film(tmp_path, f"{TRACK}contrastive=1\nbatch=12\n")
    frames = [paths[0] for paths in frames_of(source, range(16))]
    assert frames[::2] == frames[1::2]
    assert frames[0] != frames[2]


def test_the_next_frame_stands_in_for_one_that_cannot_be_read(tmp_path: Path) -> None:
    source = film(tmp_path, f"{TRACK}augment_speed=1")
    (first,), (later,) = (
        frames_of(source, range(number, number + 1))[0] for number in (5, 5 + 2 * MOST_SAMPLES)
    )
    assert later == (first + 2) % 50


def test_where_images_are_taken_one_by_one(tmp_path: Path) -> None:
    assert Sequences.of(graph(tmp_path, "track=1")) is not None
    assert Sequences.of(graph(tmp_path, "track=0\ntime_steps=4")) is None
    assert Sequences.of(graph(tmp_path, "track=1", fork="pjreddie")) is None
    assert Sequences.of(graph(tmp_path, "track=1", kind="detection")) is None


def test_labels_move_as_the_frame_does(tmp_path: Path) -> None:
    """The rectangle lies where its label says in each frame of a jittered sequence."""
    made = [RectangleImage(0, (100, 80), (10 + 2 * n, 10, 40 + 2 * n, 50)) for n in range(12)]
    read = graph(tmp_path, f"{TRACK}flip=0", "jitter=0")
    config, cached = AugmentConfig.of(read), {}
    for number, rectangle in enumerate(made):
        path = tmp_path / f"{number}.png"
        path.with_suffix(".txt").write_text(rectangle.label)
        cached[str(path)] = Decoded(rectangle.pixels(3), rectangle.size)
    source = DetectionSet(list(cached), config, cached, sequences=Sequences.of(read))
    frames = [paths[0] for paths in frames_of(source, range(8))]
    for number, frame in enumerate(frames):
        truth = source.sample(number, *SIZE, 0)[1]
        box = labelled(truth, config, SIZE)[0]
        assert box[0] == pytest.approx((10 + 2 * frame) * 0.64, abs=1)
