"""What a classifier's cfg says about augmentation, and what it must not say."""

from __future__ import annotations

from pathlib import Path

import pytest

from darknet_py.augment import mix
from darknet_py.augment.classifier_config import ClassifierAugmentConfig
from darknet_py.errors import BadOption
from darknet_py.network.graph import Graph, read_graph

CFG = """[net]
width=32
height=24
channels=3
{options}
[convolutional]
filters=3
size=1
activation=linear
[avgpool]
[softmax]
"""


def graph(folder: Path, options: str = "", fork: str = "alexeyab") -> Graph:
    path = folder / "c.cfg"
    path.write_text(CFG.format(options=options))
    return read_graph(path, fork=fork)


@pytest.mark.parametrize(
    ("options", "mixing"),
    [
        ("", 0),
        ("mixup=1", mix.MIXUP),
        ("cutmix=1", mix.CUTMIX),
        ("mosaic=1", mix.MOSAIC),
        ("mosaic=1\ncutmix=1", mix.EITHER),
        ("mixup=1\nmosaic=1", mix.MOSAIC),
        ("mixup=4", mix.EITHER),
    ],
)
def test_which_way_of_mixing_the_cfg_asks_for(tmp_path: Path, options: str, mixing: int) -> None:
    assert ClassifierAugmentConfig.of(graph(tmp_path, options)).mixing == mixing
    assert ClassifierAugmentConfig.of(graph(tmp_path, options, "pjreddie")).mixing == 0


@pytest.mark.parametrize(
    ("options", "fork", "pixels"),
    [
        ("", "alexeyab", (32, 64)),
        ("min_crop=20\nmax_crop=41", "alexeyab", (20, 41)),
        ("min_crop=20\nmin_ratio=2", "alexeyab", (20, 64)),
        ("", "pjreddie", (32, 64)),
        ("min_crop=20\nmax_crop=40", "pjreddie", (20, 40)),
        ("min_crop=20\nmin_ratio=.5\nmax_ratio=1.7", "pjreddie", (16, 54)),
    ],
)
def test_how_large_pieces_are(
    tmp_path: Path, options: str, fork: str, pixels: tuple[int, int]
) -> None:
    affine_range = ClassifierAugmentConfig.of(graph(tmp_path, options, fork)).affine_range(32)
    assert (affine_range.low, affine_range.high) == pixels
    assert affine_range.beyond == (fork == "pjreddie")


def test_sizes_follow_another_input(tmp_path: Path) -> None:
    assert ClassifierAugmentConfig.of(graph(tmp_path, "max_crop=40")).affine_range(64).high == 80


def test_blur_of_one_is_fifteen_pixels(tmp_path: Path) -> None:
    assert ClassifierAugmentConfig.of(graph(tmp_path, "blur=1")).blur == 15
    assert ClassifierAugmentConfig.of(graph(tmp_path, "blur=7")).blur == 7
    assert ClassifierAugmentConfig.of(graph(tmp_path, "blur=7", "pjreddie")).blur == 0


@pytest.mark.parametrize(
    ("option", "message"),
    [
        ("min_crop=0", "min_crop: read 0, expected more than 0"),
        ("max_ratio=-1", "max_ratio: read -1, expected more than 0"),
        ("aspect=0", "aspect: read 0, expected more than 0; 1 changes nothing"),
        ("exposure=-2", "exposure: read -2"),
        ("mixup=7", "mixup: read 7, expected 0 to 4"),
        ("blur=-1", "blur: read -1, expected a number of pixels"),
        ("label_smooth_eps=1.5", "label_smooth_eps: read 1.5, expected 0 to less than 1"),
        ("contrastive=1", "contrastive: contrastive=1 compares images, batch/subdivisions is 1"),
    ],
)
def test_values_no_image_can_be_made_with(tmp_path: Path, option: str, message: str) -> None:
    with pytest.raises(BadOption, match=message):
        ClassifierAugmentConfig.of(graph(tmp_path, option))


def test_a_network_of_vectors_has_no_images(tmp_path: Path) -> None:
    path = tmp_path / "v.cfg"
    path.write_text("[net]\ninputs=20\n[connected]\noutput=3\n[softmax]\n")
    with pytest.raises(BadOption, match="needs width and height"):
        ClassifierAugmentConfig.of(read_graph(path))
