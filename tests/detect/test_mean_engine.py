"""The mean of the outputs of several images, as pjreddie's `demo` takes it."""

from __future__ import annotations

import torch
from support.tiny_detector import files, noise_image

import darknet_py
from darknet_py.detect.detector import Detector
from darknet_py.detect.mean_engine import MeanEngine


def test_heads_are_the_mean_over_the_last_images(tmp_path: object) -> None:
    detector = loaded(tmp_path)
    images = torch.rand(5, *detector.graph.net.input)
    plain = [detector.engine(image[None])[0] for image in images]
    mean = MeanEngine(detector.engine, 3)
    mean.prepare(1)
    for number, image in enumerate(images):
        expected = torch.stack(plain[max(0, number - 2) : number + 1]).mean(dim=0)
        torch.testing.assert_close(mean(image[None])[0], expected)


def test_the_images_of_a_batch_follow_each_other(tmp_path: object) -> None:
    detector = loaded(tmp_path)
    images = torch.rand(4, *detector.graph.net.input)
    one, many = MeanEngine(detector.engine, 3), MeanEngine(detector.engine, 3)
    single = torch.cat([one(image[None])[0] for image in images])
    torch.testing.assert_close(many(images)[0], single)


def test_a_detector_takes_images_in_their_order(tmp_path: object) -> None:
    """The mean of frames that are alike is each of them; after a change it lags behind."""
    detector = loaded(tmp_path)
    still, other = noise_image(1), noise_image(2)
    plain = detector(still)
    results = list(detector.on(MeanEngine(detector.engine, 3)).stream([still, still, still, other]))
    assert len(plain.boxes) > 0
    for result in results[:3]:
        assert abs(result.boxes.confidence - plain.boxes.confidence).max() < 1e-5
    changed = detector(other)
    differs = len(results[3].boxes) != len(changed.boxes) or (
        abs(results[3].boxes.confidence - changed.boxes.confidence).max() > 1e-3
    )
    assert differs


def loaded(folder: object) -> Detector:
    cfg, weights = files(folder)  # type: ignore[arg-type]
    return darknet_py.load(cfg, weights, names=["a", "b", "c"])
