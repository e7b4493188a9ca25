"""What a cfg says about training samples, and what it must not say."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from support.coloured_samples import graph

from darknet_py.augment.config import AugmentConfig, last_head
from darknet_py.augment.effects import BlurEffect, ColorEffect, NoiseEffect
from darknet_py.augment.mix import MIXUP, MOSAIC
from darknet_py.errors import BadOption, DarknetError
from darknet_py.network.graph import read_graph

NO_HEAD = "[net]\nwidth=8\nheight=8\nchannels=3\n[convolutional]\nfilters=2\n[softmax]\n"


def test_what_is_not_written(tmp_path: Path) -> None:
    config = AugmentConfig.of(graph(tmp_path, head=""))
    assert (config.channels, config.classes, config.boxes, config.cells) == (3, 4, 200, 0)
    assert (config.jitter, config.resize, config.color.hue) == (0.2, 1.0, 0.0)
    assert (config.color.saturation, config.color.exposure, config.flip) == (1.0, 1.0, True)
    assert (config.effects, config.mixing) == ((ColorEffect(0.0, 1.0, 1.0),), 0)
    assert (config.mosaic_bound, config.letter_box) == (False, False)


def test_what_is_written(tmp_path: Path) -> None:
    net = "hue=.1\nsaturation=1.5\nexposure=2\nflip=0\nblur=3\ngaussian_noise=9\nmosaic_bound=1"
    config = AugmentConfig.of(graph(tmp_path, net, "jitter=.3\nresize=1.5\nmax=7"))
    color = config.color
    assert (color.hue, color.saturation, color.exposure) == pytest.approx((0.1, 1.5, 2.0))
    assert config.effects == (color, BlurEffect(3), NoiseEffect(9))
    assert (config.flip, config.boxes) == (False, 7)
    assert (config.jitter, config.resize, config.mosaic_bound) == pytest.approx((0.3, 1.5, True))


@pytest.mark.parametrize(
    ("fork", "kind", "boxes"),
    [("alexeyab", "yolo", 200), ("alexeyab", "region", 200), ("pjreddie", "yolo", 90)]
    + [("pjreddie", "region", 30)],
)
def test_most_labels_of_an_image(tmp_path: Path, fork: str, kind: str, boxes: int) -> None:
    config = AugmentConfig.of(graph(tmp_path, kind=kind, fork=fork))
    assert config.boxes == boxes
    none = np.zeros((0, 5), np.float32)
    assert len(config.truth_of(none)) == boxes * (6 if fork == "alexeyab" else 5)


@pytest.mark.parametrize(
    ("net", "mixing"),
    [
        ("", 0),
        ("mixup=1", MIXUP),
        ("mosaic=1", MOSAIC),
        ("mosaic=1\nmixup=1", MOSAIC),
        # By the program's own numbers.
        ("mixup=3", MOSAIC),
        ("mixup=4", MOSAIC),
        # Cutmix is for classifiers.
        ("mixup=2", 0),
        ("cutmix=1", 0),
        ("cutmix=1\nmixup=1", 0),
        ("cutmix=1\nmosaic=1", MOSAIC),
    ],
)
def test_how_images_are_mixed(tmp_path: Path, net: str, mixing: int) -> None:
    assert AugmentConfig.of(graph(tmp_path, net)).mixing == mixing
    assert AugmentConfig.of(graph(tmp_path, net, fork="pjreddie")).mixing == 0
    assert AugmentConfig.of(graph(tmp_path, net, kind="detection")).mixing == 0


def test_no_colours_may_be_written_with_zeros(tmp_path: Path) -> None:
    """Both programs take saturation=0 and exposure=0 for 1."""
    color = AugmentConfig.of(graph(tmp_path, "saturation=0\nexposure=0\nhue=-.1")).color
    assert (color.saturation, color.exposure, color.hue) == pytest.approx((1, 1, 0.1))


@pytest.mark.parametrize("where", [{"fork": "pjreddie"}, {"kind": "detection"}], ids=str)
def test_canvas_and_yolov1_have_colours_alone(tmp_path: Path, where: dict[str, str]) -> None:
    config = AugmentConfig.of(graph(tmp_path, "hue=.1\nblur=3\ngaussian_noise=9", **where))
    assert config.color.hue == pytest.approx(0.1)
    assert config.effects == ()


@pytest.mark.parametrize(
    ("net", "head", "fork", "complaint"),
    [
        ("hue=nan", "", "alexeyab", ":5: [net] hue: read nan, expected a part of a turn"),
        ("\nsaturation=-1", "", "alexeyab", ":6: [net] saturation: read -1, expected 0 or more"),
        ("exposure=inf", "", "pjreddie", ":5: [net] exposure: read inf, expected 0 or more"),
        ("blur=-3", "", "alexeyab", ":5: [net] blur: read -3, expected 0 or more"),
        ("gaussian_noise=-1", "", "alexeyab", "gaussian_noise: read -1, expected 0 or more"),
        ("mixup=5", "", "alexeyab", ":5: [net] mixup: read 5, expected 0 to 4"),
        ("", "jitter=-.1", "alexeyab", ":15: [yolo] jitter: read -0.1, expected 0 or more"),
        ("", "jitter=nan", "alexeyab", "[yolo] jitter: read nan, expected 0 or more"),
        ("", "jitter=1", "pjreddie", "[yolo] jitter: read 1, expected 0 to less than 1"),
        ("", "resize=0", "alexeyab", "[yolo] resize: read 0, expected more than 0"),
        ("", "resize=-2", "alexeyab", "[yolo] resize: read -2, expected more than 0"),
        ("", "max=0", "alexeyab", "[yolo] max: read 0, expected 1 to 100000 labels an image"),
        ("", "max=-4", "pjreddie", "[yolo] max: read -4, expected 1 to 100000 labels an image"),
        (
            "letter_box=1\nmosaic=1",
            "",
            "alexeyab",
            ":5: [net] letter_box: mosaic=1 and letter_box=1 do not go together",
        ),
        ("letter_box=1\nmixup=3", "", "alexeyab", "do not go together; use one of them"),
    ],
)
def test_options_that_cannot_be(
    tmp_path: Path, net: str, head: str, fork: str, complaint: str
) -> None:
    with pytest.raises(BadOption) as caught:
        AugmentConfig.of(graph(tmp_path, net, head, fork=fork))
    assert complaint in str(caught.value)


def test_what_pjreddies_program_does_not_read_may_be_anything(tmp_path: Path) -> None:
    config = AugmentConfig.of(
        graph(tmp_path, "mixup=9\nblur=-1\nmosaic=1\nletter_box=1", fork="pjreddie")
    )
    assert config.mixing == 0


def test_channels_no_image_has(tmp_path: Path) -> None:
    with pytest.raises(BadOption, match=r":4: \[net\] channels: read 2, expected 3 for colours"):
        AugmentConfig.of(graph(tmp_path, channels=2))
    assert AugmentConfig.of(graph(tmp_path, channels=1)).channels == 1
    assert AugmentConfig.of(graph(tmp_path, channels=4)).channels == 4


def test_a_network_without_detection_head(tmp_path: Path) -> None:
    path = tmp_path / "c.cfg"
    path.write_text(NO_HEAD)
    with pytest.raises(DarknetError, match=r"c.cfg: has no detection head, it ends in \[softmax\]"):
        AugmentConfig.of(read_graph(path))


def test_the_last_head_counts(tmp_path: Path) -> None:
    """Jitter and the like of the others have no effect, as in both programs."""
    path = tmp_path / "two.cfg"
    conv = "[convolutional]\nfilters=9\nsize=1\nactivation=linear\n"
    head = "[yolo]\nclasses=4\nnum=1\nmask=0\nanchors=4,4\njitter={}\n"
    text = "[net]\nwidth=8\nheight=8\nchannels=3\n"
    path.write_text(text + conv + head.format(0.9) + conv + head.format(0.1))
    assert AugmentConfig.of(read_graph(path)).jitter == pytest.approx(0.1)
    assert last_head(read_graph(path)).jitter == pytest.approx(0.1)
