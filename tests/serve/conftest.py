"""What tests of batches have in common; other files here have detectors of their own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from support.tiny_detector import files

import darknet_py
from darknet_py import Detector
from darknet_py.serve.batching import Batcher


@pytest.fixture
def detector(tmp_path: Path) -> Detector:
    return darknet_py.load(*files(tmp_path))


@pytest.fixture
def batchers() -> Iterator[list[Batcher]]:
    """Those that are put here are closed."""
    made: list[Batcher] = []
    yield made
    for batcher in made:
        batcher.close()
