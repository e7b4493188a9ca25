"""In how many parts an update fits into a device."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.sized_set import two_heads

from darknet_py.advice import device_memory
from darknet_py.advice.device_memory import MemoryFit, memory_fit
from darknet_py.errors import DarknetError
from darknet_py.network.graph import read_graph
from darknet_py.train.step_memory import StepMemory

STEP = StepMemory(fixed=2**30, per_image=2**28, width=416, height=416)


def fit(monkeypatch: pytest.MonkeyPatch, folder: Path, free: int | None) -> MemoryFit:
    monkeypatch.setattr(device_memory, "free_on", lambda device: free)
    monkeypatch.setattr(device_memory, "step_memory", lambda graph: STEP)
    return memory_fit(read_graph(two_heads(folder)), 64, "cpu")


def test_as_few_parts_as_fit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of 8 GiB 6.4 may be taken: 16 images need 5, 32 need 9."""
    found = fit(monkeypatch, tmp_path, 2**33)
    assert (found.subdivisions, found.images, found.fits) == (4, 16, True)
    assert found.needed == 5 * 2**30
    assert [found.fits_with(parts) for parts in (2, 4, 8)] == [False, True, True]
    words = "about 5.0 GiB for 16 images at once at 416 x 416, 8.0 GiB free on cpu"
    assert found.text() == words


def test_too_little_for_one_image(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = fit(monkeypatch, tmp_path, 2**30)
    assert (found.subdivisions, found.images, found.fits) == (64, 1, False)
    assert not found.fits_with(64)
    assert found.text().startswith("about 1.2 GiB for 1 image at once at 416 x 416, ")


def test_a_system_that_does_not_tell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = fit(monkeypatch, tmp_path, None)
    assert (found.subdivisions, found.free, found.fits) == (16, None, True)
    assert found.text().endswith(" 4 images at once at 416 x 416, an unknown amount free on cpu")


def test_a_device_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(DarknetError, match="unknown device 'nothing'"):
        memory_fit(read_graph(two_heads(tmp_path)), 64, "nothing")
