"""Frames of a film: memory goes from one to the next, and films do not see each other."""

from __future__ import annotations

import logging
from typing import Any

import numpy as np
import pytest
import torch
from support.layer_check import network

from darknet_py.detect.detector import Detector
from darknet_py.engines.engine import Engine, open_engine
from darknet_py.engines.film_engine import FilmEngine, film_engine
from darknet_py.engines.table import EngineConfig
from darknet_py.images.frames import FrameSource

NET = "[net]\nwidth=8\nheight=8\nchannels=3\n{0}"
LAYERS = "[conv]\nfilters=3\nsize=3\npad=1\nbatch_normalize=1\n{0}"
LSTM = "[conv_lstm]\noutput=3\npad=1\n"
HEAD = "[conv]\nfilters=6\nactivation=linear\n[yolo]\nclasses=1\nnum=1\nmask=0\nanchors=4,4\n"


def cfg(layer: str = LSTM, options: str = "") -> str:
    return NET.format(options) + LAYERS.format(layer) + HEAD


def frames(count: int = 5) -> torch.Tensor:
    return torch.rand(count, 3, 8, 8, generator=torch.Generator().manual_seed(2))


def test_frames_are_those_of_one_long_sequence() -> None:
    """As the same network with as many time_steps sees them at once."""
    x = frames()
    (expected,) = network(cfg(options="time_steps=5\n")).eval()(x)
    engine = film_engine(open_engine(network(cfg()), EngineConfig()))
    assert isinstance(engine, FilmEngine) and engine.in_order and not engine.parallel
    first, rest = engine(x[:2])[0], engine(x[2:])[0]
    torch.testing.assert_close(torch.cat([first, rest]), expected, rtol=1e-4, atol=1e-5)
    alone = torch.cat([open_engine(network(cfg()), EngineConfig())(one)[0] for one in x.split(1)])
    assert (alone[0] - expected[0]).abs().max() < 1e-4 < (alone[1:] - expected[1:]).abs().max()


def test_a_network_without_memory_keeps_its_engine() -> None:
    engine = open_engine(network(cfg("")), EngineConfig())
    assert film_engine(engine) is engine


def test_another_engine_says_that_it_has_no_memory(caplog: pytest.LogCaptureFixture) -> None:
    class Other(Engine):
        def __call__(self, x: torch.Tensor) -> list[torch.Tensor]:
            return [x]

    made = network(cfg()).for_inference()
    engine = Other(made, EngineConfig(engine="onnxruntime"), torch.device("cpu"))
    with caplog.at_level(logging.WARNING):
        assert film_engine(engine) is engine
    assert "onnxruntime sees each frame by itself" in caplog.text


def scores(detector: Detector, source: Any) -> np.ndarray:
    """Of all cells of each image, in order of size."""
    found = detector.stream(source, thresh=0.0, nms=0.0)
    return np.array([np.sort(result.boxes.confidence) for result in found])


@pytest.mark.parametrize(("track", "film"), [("", False), ("track=1\n", True)])
def test_lists_are_films_where_net_says_so_and_videos_always(
    monkeypatch: pytest.MonkeyPatch, track: str, film: bool
) -> None:
    detector = Detector(network(cfg(options=track)), ["a"])
    rng = np.random.default_rng(0)
    images = [rng.integers(0, 256, (8, 8, 3), np.uint8) for _ in range(4)]
    alone = np.concatenate([scores(detector, [image]) for image in images])
    listed = scores(detector, images)
    assert alone.shape == (4, 64)
    assert np.abs(listed[0] - alone[0]).max() < 1e-5
    assert (np.abs(listed - alone).max(axis=1)[1:] > 1e-4).all() == film
    # Once more: nothing is left of what came before.
    np.testing.assert_allclose(scores(detector, images), listed, atol=1e-6)
    monkeypatch.setattr(FrameSource, "moving", True)
    moving = scores(detector, images)
    assert (np.abs(moving - alone).max(axis=1)[1:] > 1e-4).all()
    assert not film or np.abs(moving - listed).max() < 1e-6
