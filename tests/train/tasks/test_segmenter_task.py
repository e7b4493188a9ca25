"""`segmenter train`, `isegmenter train`: they learn, what they write, what they refuse."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from support.masked_shapes import masked_options
from support.outcome import kept_in, rows_of

from darknet_py.errors import DarknetError, DataError
from darknet_py.network.network import Network
from darknet_py.options.training import (
    ClassifierTrainOptions,
    ImageTrainOptions,
    InstanceTrainOptions,
    SegmenterTrainOptions,
)
from darknet_py.train.command import run

BOTH = (SegmenterTrainOptions, InstanceTrainOptions)


def change(path: str, old: str, new: str) -> None:
    text = Path(path).read_text()
    assert old in text
    Path(path).write_text(text.replace(old, new))


@pytest.mark.parametrize("record", BOTH)
def test_they_learn(tmp_path: Path, record: type[ImageTrainOptions]) -> None:
    run(masked_options(record, tmp_path, 40))
    losses = [float(row["loss"]) for row in rows_of(tmp_path)]
    assert np.mean(losses[-5:]) < 0.35 * np.mean(losses[:3])


@pytest.mark.parametrize("record", BOTH)
def test_a_resumed_run_is_the_same(tmp_path: Path, record: type[ImageTrainOptions]) -> None:
    whole = masked_options(record, tmp_path / "whole", 6)
    halves = masked_options(record, tmp_path / "halves", 6)
    run(whole)
    run(replace(halves, iterations=3))
    run(replace(halves, resume=True, seed=5))
    one, two = (tmp_path / name / "backup" / "s.weights" for name in ("whole", "halves"))
    assert one.read_bytes() == two.read_bytes()
    assert len(rows_of(tmp_path / "halves")) == 6


def test_pjreddies_files_whatever_the_fork(tmp_path: Path) -> None:
    run(masked_options(SegmenterTrainOptions, tmp_path, 4))
    # 8, 16, 24, 32 images of 12.
    words = {"s_1.weights", "s_2.weights"}
    assert kept_in(tmp_path) == words | {"s.backup", "s.weights", "s_last.state"}
    net = Network.from_cfg(tmp_path / "s.cfg")
    assert net.load_weights(tmp_path / "backup" / "s_1.weights").seen == 16
    assert net.load_weights(tmp_path / "backup" / "s.weights").seen == 32


@pytest.mark.parametrize("fork", ["alexeyab", "pjreddie"])
@pytest.mark.parametrize("record", BOTH)
def test_darknets_lines(
    tmp_path: Path,
    record: type[ImageTrainOptions],
    fork: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    run(masked_options(record, tmp_path, 2, log_style="darknet", fork=fork))
    printed = capsys.readouterr().out
    machine = r"( GPU .*\n)( Used .*\n)*" if fork == "alexeyab" else ""
    network = r"mini_batch = 8, batch = 8, .*\n" if fork == "alexeyab" else ""
    learning = "Learning Rate: 0.01, Momentum: 0.9, Decay: 0.0005"
    start = rf"{machine}s\n1\n{network}{learning}\n12\n"
    number = r"-?\d+\.\d{6}"
    lines = "".join(
        rf"Loaded: {number} seconds\n{step}, {epochs}: {number}, {number} avg, 0.010000 rate, "
        rf"{number} seconds, {images} images\n"
        for step, epochs, images in ((1, "0.667", 8), (2, "1.333", 16))
    )
    assert re.fullmatch(start + lines, printed), printed


def test_numbered_weights_at_other_times(tmp_path: Path) -> None:
    run(masked_options(SegmenterTrainOptions, tmp_path, 5, saveweights=2))
    words = {"s_2.weights", "s_4.weights"}
    assert kept_in(tmp_path) == words | {"s.backup", "s.weights", "s_last.state"}


def test_what_a_run_says(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    net = "mosaic=1\nmin_ratio=.5"
    options = masked_options(SegmenterTrainOptions, tmp_path, 1, net)
    change(options.data, "classes=2", "classes=80")
    run(options)
    printed = capsys.readouterr().out
    assert "s.cfg: 12 images, 32x32, 2 classes of 8x8 pixels, batch 8/1, 1 iterations" in printed
    assert re.findall(r"\[net\] (\w+): no effect on samples of segmenters\n", printed) == [
        "mosaic",
        "min_ratio",
    ]
    assert re.search(r"s.data:3: classes: read 80, .*s.cfg has 2, which count\n", printed)
    assert printed.count("warning") == 3


@pytest.mark.parametrize("record", BOTH)
def test_masks_that_cannot_be_used_are_left_out(
    tmp_path: Path, record: type[ImageTrainOptions], capsys: pytest.CaptureFixture[str]
) -> None:
    options = masked_options(record, tmp_path, 4)
    (tmp_path / "mask" / "1.txt").unlink()
    (tmp_path / "mask" / "2.txt").write_text("0 1,2\n7 5,5\n")
    assert run(options) == 0
    printed = capsys.readouterr().out
    assert re.search(
        r"warning: 1 of 12 images have no file of masks and are left out, .*/images/1.png should "
        r"have .*/mask/1.txt\n",
        printed,
    )
    bad = r"left out, another image is drawn: .*/mask/2.txt:2: read '7', expected a class from 0 "
    assert re.search(bad, printed)
    assert re.search(
        r"/mask/1.txt: cannot be read: No such file or directory.*\(2 so far\)|"
        r"/mask/1.txt: cannot be read: No such file or directory.*\(1 so far\)",
        printed,
    )


@pytest.mark.parametrize(
    ("record", "kind", "old", "new", "message"),
    [
        (
            SegmenterTrainOptions,
            "",
            "[logistic]\n",
            "[maxpool]\nsize=3\nstride=3\n[logistic]\n",
            r"\[logistic\]: gives 3 x 3 pixels for an input of 32 x 32; expected the input's",
        ),
        (SegmenterTrainOptions, "", "[logistic]\n", "", "nothing to learn: no layer has a loss"),
        (
            InstanceTrainOptions,
            "",
            "[iseg]\nclasses=2\nids=3\n",
            "[logistic]\n",
            r"\[logistic\]: gives classes alone, expected \[iseg\] at the end; use `segmenter`",
        ),
        (
            SegmenterTrainOptions,
            "",
            "[logistic]\n",
            "[iseg]\nclasses=1\nids=1\n",
            r"\[iseg\]: tells objects apart; use `isegmenter`",
        ),
        (SegmenterTrainOptions, "", "width=32", "width=33", "pixels for an input of 33 x 32"),
        (
            SegmenterTrainOptions,
            "",
            "[logistic]\n",
            "[logistic]\n[avgpool]\n[cost]\n",
            r"truth of 2 values an image, expected 128|gives 1 x 1 pixels|truth of 2 values",
        ),
    ],
)
def test_networks_that_do_not_fit(
    tmp_path: Path, record: type[ImageTrainOptions], kind: str, old: str, new: str, message: str
) -> None:
    options = masked_options(record, tmp_path, 1)
    change(options.cfg, old, new)
    with pytest.raises(DarknetError, match=message):
        run(options)


def test_no_masks_at_all(tmp_path: Path) -> None:
    options = masked_options(SegmenterTrainOptions, tmp_path, 1)
    (tmp_path / "mask").rename(tmp_path / "masks")
    with pytest.raises(DataError, match="none of 12 images has a file of masks: .*/images/0.png"):
        run(options)
    assert not (tmp_path / "backup").exists()


def test_detection_networks_are_sent_to_their_command(tmp_path: Path) -> None:
    options = masked_options(SegmenterTrainOptions, tmp_path, 1)
    change(options.cfg, "filters=2\n", "filters=18\n")
    change(options.cfg, "[logistic]\n", "[yolo]\nclasses=1\nnum=3\n")
    with pytest.raises(DarknetError, match="has a detection head; .* `darknet-py detector train`"):
        run(options)


def test_classifiers_do_not_learn_from_a_map(tmp_path: Path) -> None:
    """[iseg] has a loss, but not for the truth of a classifier."""
    options: Any = masked_options(InstanceTrainOptions, tmp_path, 1)
    change(options.data, "classes=2", f"classes=2\nlabels={tmp_path}/labels.list")
    (tmp_path / "labels.list").write_text("images/1\nimages\n")
    wrong = ClassifierTrainOptions(data=options.data, cfg=options.cfg, device="cpu", workers=0)
    with pytest.raises(DataError, match="classes=2, the last layer of .* gives 320 values"):
        run(wrong)


@pytest.mark.parametrize("record", BOTH)
def test_a_page_of_samples(
    tmp_path: Path,
    record: type[ImageTrainOptions],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    options = masked_options(record, tmp_path, 1, show_imgs=True)
    monkeypatch.chdir(tmp_path)
    run(options)
    assert "aug_s.jpg: the first 8 samples as they are trained on" in capsys.readouterr().out
    page = cv2.imread("aug_s.jpg")
    # Two rows of four: reds and greens of shapes, magenta and green of their masks.
    assert page.shape[0] > 600 and page.shape[1] == 4 * 310
    assert ((page[..., 2].astype(int) - page[..., 1]) > 100).mean() > 0.02
