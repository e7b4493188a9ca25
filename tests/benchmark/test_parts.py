"""Where the time of an image goes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TypeVar

import pytest
from support import tiny_detector

from darknet_py.benchmark.bench_inputs import drawn_image
from darknet_py.benchmark.parts import time_parts
from darknet_py.engines.engine import open_engine
from darknet_py.engines.table import EngineConfig
from darknet_py.images.io import open_image
from darknet_py.network.network import Network, load_network

T = TypeVar("T")
CLASSIFIER = """[net]
width=8
height=8
channels=3
[conv]
filters=4
size=1
activation=linear
[avgpool]
[softmax]
"""


def silent(items: Iterable[T], total: int, label: str) -> Iterator[T]:
    yield from items


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    return tiny_detector.files(tmp_path)


def test_parts_of_an_image(files: tuple[Path, Path], tmp_path: Path) -> None:
    network, _ = load_network(*files)
    (path,) = tiny_detector.save(tmp_path, "a.jpg")
    engine = open_engine(network, EngineConfig())
    found = time_parts(engine, "torch fp32", open_image(path), 2, None, silent)
    assert [part.name for part in found.parts] == ["decode", "preprocess", "forward", "boxes"]
    assert all(part.ms > 0 for part in found.parts)
    assert found.total_ms == pytest.approx(sum(part.ms for part in found.parts))
    assert (found.image, found.width, found.height) == (str(path), 50, 40)
    from darknet_py.detect.detector import Detector

    result = Detector(network, ["a", "b", "c"])(path)
    assert found.boxes == len(result.boxes.confidence)  # type: ignore[union-attr]


def test_a_classifier_has_no_boxes(tmp_path: Path) -> None:
    cfg = tmp_path / "c.cfg"
    cfg.write_text(CLASSIFIER)
    engine = open_engine(Network.from_cfg(cfg, seed=0), EngineConfig())
    found = time_parts(engine, "torch fp32", drawn_image(0), 2, None, silent)
    assert [part.name for part in found.parts] == ["decode", "preprocess", "forward"]
    assert found.boxes is None
