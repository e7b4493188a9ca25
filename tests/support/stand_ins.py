"""Small files by the names that a command line of Darknet has, so that the line can be run."""

from __future__ import annotations

import functools
import re
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np

from darknet_py import Network
from support import (
    small_classifier,
    small_detector,
    small_go,
    small_text,
    tiny_cifar,
    tiny_classifier,
)
from support.golden_check import GOLDEN

WEIGHTS = re.compile(r".+(\.(weights|backup)|\.conv(\.\d+)?)")
IMAGE = re.compile(r".+\.(jpg|png)")
VIDEO = re.compile(r".+\.(avi|mp4)")
BESIDE = "beside"
"""The folder of a family that holds what its program reads without being told."""
LAYER = "[convolutional]\nfilters=2\nsize=1\nactivation=linear\n"


@functools.cache
def _kept() -> dict[str, Path]:
    """Family -> a folder with n.cfg, n.weights, n.data and image.png, made once a session."""
    return {family: make(Path(tempfile.mkdtemp())) for family, make in FAMILIES.items()}


def _detector(folder: Path) -> Path:
    small_detector.small_options(folder, max_batches=1)
    (folder / "small.cfg").rename(folder / "n.cfg")
    (folder / "small.data").rename(folder / "n.data")
    image = next(
        line.split("=")[1]
        for line in (folder / "n.data").read_text().splitlines()
        if line.startswith("valid=")
    )
    shutil.copy(Path(image).read_text().split()[0], folder / "image.png")
    return folder


def _classifier(folder: Path) -> Path:
    tiny_classifier.files(folder, train=6, valid=3)
    (folder / "t.data").rename(folder / "n.data")
    cfg = small_classifier.LEARNABLE.replace("max_batches=100", "max_batches=1")
    (folder / "n.cfg").write_text(cfg)
    shutil.copy(folder / "star_2.png", folder / "image.png")
    return folder


def _text(folder: Path) -> Path:
    cfg = small_text.CFG.format(max_batches=1, subdivisions=1, net="", layers="")
    (folder / "n.cfg").write_text(cfg)
    (folder / "n.txt").write_text(small_text.TEXT)
    return folder


def _many_layers(folder: Path) -> Path:
    (folder / "n.cfg").write_text("[net]\nwidth=8\nheight=8\nchannels=3\n" + 30 * LAYER)
    return folder


def _yolov1(folder: Path) -> Path:
    """With the list that `yolo train` has in AlexeyAB's program."""
    text = (GOLDEN / "detection" / "net.cfg").read_text()
    (folder / "n.cfg").write_text(text.replace("max_batches=100", "max_batches=1"))
    shutil.copy(GOLDEN / "detection" / "net.weights", folder / "n.weights")
    image = folder / "image.png"
    cv2.imwrite(str(image), np.random.default_rng(0).integers(0, 256, (40, 50, 3), np.uint8))
    image.with_suffix(".txt").write_text("0 .5 .5 .4 .3\n")
    lists = folder / BESIDE / "data" / "voc"
    lists.mkdir(parents=True)
    (lists / "train.txt").write_text(f"{image}\n" * 4)
    return folder


def _twelve_layers(folder: Path) -> Path:
    (folder / "n.cfg").write_text("[net]\nwidth=8\nheight=8\nchannels=3\n" + 12 * LAYER)
    image = np.random.default_rng(0).integers(0, 256, (12, 16, 3), np.uint8)
    cv2.imwrite(str(folder / "image.png"), image)
    return folder


def _go(folder: Path) -> Path:
    small_go.go_cfg(folder).rename(folder / "n.cfg")
    return folder


def _cifar(folder: Path) -> Path:
    tiny_cifar.cfg(folder / "n.cfg", max_batches=1)
    tiny_cifar.batches(folder / BESIDE / "data" / "cifar" / "cifar-10-batches-bin")
    return folder


def _folder_of_cfgs(folder: Path) -> Path:
    (folder / BESIDE / "cfg").mkdir(parents=True)
    (folder / BESIDE / "cfg" / "a.cfg").write_text("[net]\nwidth=8\n[maxpool]\n")
    return folder


FAMILIES = {
    "detector": _detector,
    "classifier": _classifier,
    "rnn": _text,
    "partial": _many_layers,
    "yolo": _yolov1,
    "coco": _yolov1,
    "nightmare": _twelve_layers,
    "go": _go,
    "cifar": _cifar,
    "cfglayers": _folder_of_cfgs,
}


def _weights(folder: Path) -> Path:
    path = folder / "n.weights"
    if not path.exists():
        network = Network.from_cfg(folder / "n.cfg", seed=1)
        for name, tensor in network.named_buffers():
            if name.endswith("rolling_variance"):
                tensor.fill_(1.0)
        network.save_weights(path)
    return path


def put(folder: Path, words: Sequence[str], stdin: str = "") -> None:
    """Below a folder, a file for each word that names one; stdin: a list of images."""
    family = next((word for word in words if word in FAMILIES), "detector")
    kept = _kept()[family]
    for word in words:
        source = _stand_in(word, kept)
        if source is not None:
            _copy(source, folder / word)
    if (kept / BESIDE).exists():
        shutil.copytree(kept / BESIDE, folder, dirs_exist_ok=True)
    if stdin:
        _copy(kept / "image.png", folder / "listed.png")
        (folder / stdin).parent.mkdir(parents=True, exist_ok=True)
        (folder / stdin).write_text(f"{folder / 'listed.png'}\n")


def _video(folder: Path) -> Path:
    """Three frames, each the image."""
    path = folder / "n.avi"
    if not path.exists():
        image = cv2.imread(str(folder / "image.png"))
        size = image.shape[1], image.shape[0]
        writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), 10, size)
        for _ in range(3):
            writer.write(image)
        writer.release()
    return path


def _stand_in(word: str, kept: Path) -> Path | None:
    if word.endswith((".cfg", ".data")):
        return kept / f"n{Path(word).suffix}"
    if WEIGHTS.fullmatch(word):
        return _weights(kept)
    if IMAGE.fullmatch(word):
        return kept / "image.png"
    if VIDEO.fullmatch(word):
        return _video(kept)
    return kept / "n.txt" if word.endswith(".txt") and (kept / "n.txt").exists() else None


def _copy(source: Path, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy(source, path)
