"""Which samples are mixed: a coin for each part of an update's images, as the C loader does it."""

from __future__ import annotations

from dataclasses import replace
from itertools import groupby, pairwise
from pathlib import Path

import numpy as np
import pytest
from support.coloured_samples import config_of, graph, in_memory, random_rectangles

from darknet_py.augment.classifier_config import ClassifierAugmentConfig
from darknet_py.augment.mix_coin import MOST_SAMPLES, MixCoin
from darknet_py.data.loader import SampleKey, first_readable
from darknet_py.errors import ImageError


def loaded_by_threads(images: int, threads: int) -> list[int]:
    """Which thread makes each image: the threads' results one after the other, as C joins them."""
    joined: list[int] = []
    for thread in range(threads):
        share = (thread + 1) * images // threads - thread * images // threads
        joined += [thread] * share
    return joined


@pytest.mark.parametrize("threads", [1, 6, 32])
@pytest.mark.parametrize("images", [1, 2, 5, 6, 16, 61, 64])
def test_parts_are_the_shares_of_the_threads(images: int, threads: int) -> None:
    shares = loaded_by_threads(images, threads)
    assert len(shares) == images
    expected = [shares.index(thread) for thread in shares]
    coin = MixCoin(images, threads)
    for update in (0, 7):
        numbers = [coin.first(update * images + position) for position in range(images)]
        assert numbers == [update * images + first for first in expected]


def test_sixteen_images_are_parts_of_two_and_three() -> None:
    firsts = [MixCoin(16, 6).first(number) for number in range(16, 32)]
    assert [len(list(part)) for _, part in groupby(firsts)] == [2, 3, 3, 2, 3, 3]


def test_a_detectors_parts_are_mixed_or_not_as_a_whole(tmp_path: Path) -> None:
    config = config_of(tmp_path, "batch=8\nsubdivisions=2\ntime_steps=2\nmosaic=1")
    made = random_rectangles(np.random.default_rng(0), [(16, 12)] * 4)
    source = in_memory(tmp_path, made, config)
    coins = []
    for update in range(40):
        numbers = range(16 * update, 16 * update + 16)
        mixed = [len(source.drawn(number, 16, 12, 3)) == 4 for number in numbers]
        parts = [mixed[first:last] for first, last in pairwise((0, 2, 5, 8, 10, 13, 16))]
        assert all(len(set(part)) == 1 for part in parts)
        coins.append([part[0] for part in parts])
    # The parts of an update are not tossed together, nor an update's like the next one's.
    assert 90 < np.sum(coins) < 150
    assert len(set(map(tuple, coins))) > 25


def test_how_many_parts_a_cfg_has(tmp_path: Path) -> None:
    net = "batch=64\nsubdivisions=8"
    assert config_of(tmp_path, net).coin == MixCoin(64, 6)
    assert config_of(tmp_path, f"{net}\ncontrastive=1").coin == MixCoin(64, 4)
    assert config_of(tmp_path, "batch=4\nsubdivisions=2\ncontrastive=1").coin == MixCoin(4, 1)
    assert ClassifierAugmentConfig.of(graph(tmp_path, net)).coin == MixCoin(64, 32)


def test_pjreddies_program_never_mixes(tmp_path: Path) -> None:
    config = config_of(tmp_path, "batch=64", fork="pjreddie")
    assert not any(config.coin.mixes(number, 0) for number in range(100))
    assert ClassifierAugmentConfig.of(graph(tmp_path, fork="pjreddie")).coin.parts == 0


def test_only_what_the_cfg_mixes_is_mixed(tmp_path: Path) -> None:
    config = config_of(tmp_path, "batch=64\nmixup=1")
    mixed = [config.mixing_of(number, 0) for number in range(640)]
    assert set(mixed) == {0, 1}
    none = replace(config, mixing=0)
    assert not any(none.mixing_of(number, 0) for number in range(640))


def test_pairs_are_mixed_alike(tmp_path: Path) -> None:
    """Parts of 16 images in 6 begin at odd numbers too."""
    config = config_of(tmp_path, "batch=16\nmixup=1\ncontrastive=1")
    mixed = [config.mixing_of(number, 0) for number in range(160)]
    assert set(mixed) == {0, 1} and mixed[::2] == mixed[1::2]
    alone = replace(config, pairing=None)
    assert [alone.mixing_of(number, 0) for number in range(160)] != mixed


def test_what_is_drawn_for_an_unreadable_image_is_mixed_like_its_part() -> None:
    coin = MixCoin(61, 6)
    tried = []

    def make(key: SampleKey) -> bool:
        tried.append(key.number)
        if len(tried) < 4:
            raise ImageError("unreadable")
        return coin.mixes(key.number, 5)

    for number in range(0, 122, 10):
        tried.clear()
        mixed, _ = first_readable(SampleKey(number, 8, 8), make)
        assert tried[-1] == number + 3 * MOST_SAMPLES
        assert mixed == coin.mixes(number, 5)
