"""Pixels as torch's tensors."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from darknet_py.errors import ImageError
from darknet_py.images.tensors import batch_on, prepare, stacked, to_tensor

SINGLE = np.float32


def noise(width: int, height: int, channels: int = 3, seed: int = 0) -> np.ndarray:
    shape = (height, width, channels) if channels else (height, width)
    return np.random.default_rng(seed).integers(0, 256, shape, np.uint8)


def test_to_tensor_is_a_scaled_copy() -> None:
    pixels = noise(5, 4)
    found = to_tensor(pixels)
    assert found.dtype == torch.float32
    assert torch.equal(found, torch.from_numpy(pixels.transpose(2, 0, 1).astype(SINGLE) / 255))


def test_prepare_converts_channels() -> None:
    pixels = noise(8, 6)
    grey = prepare(pixels, 1, 8, 6, letter_box=False)[0]
    weights = torch.tensor([0.299, 0.587, 0.114])
    expected = (to_tensor(pixels) * weights[:, None, None]).sum(dim=0)
    torch.testing.assert_close(grey, expected, atol=0.0021, rtol=0)
    coloured = prepare(noise(8, 6, 1), 3, 8, 6, letter_box=False)
    assert torch.equal(coloured[0], coloured[2])
    with pytest.raises(ImageError, match="3 channels cannot feed a network of 5"):
        prepare(pixels, 5, 8, 6, letter_box=False)
    with_alpha = prepare(pixels, 4, 8, 6, letter_box=False)
    assert torch.equal(with_alpha[:3], prepare(pixels, 3, 8, 6, letter_box=False))
    assert (with_alpha[3] == 1).all()


def test_stacked_images_lie_in_memory_as_asked() -> None:
    images = [noise(5, 4, seed=seed).transpose(2, 0, 1).astype(SINGLE) for seed in range(3)]
    for layout in (torch.channels_last, torch.contiguous_format):
        x = stacked(images, layout)
        assert x.shape == (3, 3, 4, 5) and x.is_contiguous(memory_format=layout)
        assert (x.numpy() == np.stack(images)).all()


def test_a_batch_for_the_cpu_lies_as_the_engine_wants_it() -> None:
    images = [noise(5, 4, seed=seed).transpose(2, 0, 1).astype(SINGLE) for seed in range(3)]
    x = batch_on(torch.device("cpu"), images, torch.channels_last)
    assert x.is_contiguous(memory_format=torch.channels_last) and not x.is_contiguous()
    assert (x.numpy() == np.stack(images)).all()


def test_a_batch_for_cuda_is_one_copy_of_pinned_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    images = [noise(5, 4, seed=seed).transpose(2, 0, 1).astype(SINGLE) for seed in range(3)]
    asked: list[object] = []
    plain = torch.empty

    def empty(shape: tuple[int, ...], *, memory_format: object, pin_memory: bool) -> torch.Tensor:
        asked.append(pin_memory)
        return plain(shape, memory_format=memory_format)  # type: ignore[arg-type]

    def to(x: torch.Tensor, device: torch.device, non_blocking: bool = False) -> torch.Tensor:
        asked.append((str(device), non_blocking, x.is_contiguous()))
        return x

    monkeypatch.setattr(torch, "empty", empty)
    monkeypatch.setattr(torch.Tensor, "to", to)
    x = batch_on(torch.device("cuda:1"), images, torch.channels_last)
    assert asked == [True, ("cuda:1", True, True)]
    assert (x.numpy() == np.stack(images)).all()
