"""Tensors of torch's as sources, of every shape and type."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
import torch
from support.tiny_detector import noise_image

from darknet_py.errors import ImageError
from darknet_py.images.frames import Frame
from darknet_py.images.sources import open_source
from darknet_py.images.tensor_images import is_tensor

BGR = noise_image()
RGB = torch.from_numpy(BGR[..., ::-1].copy()).permute(2, 0, 1)


def read(source: object, channels: int = 3) -> Frame:
    opened = open_source(source)
    assert (opened.length, opened.single, opened.moving) == (1, True, False)
    (pending,) = opened.frames
    return pending.read(channels)


@pytest.mark.parametrize(
    "tensor",
    [
        RGB,
        RGB.float() / 255,
        RGB.double() / 255,
        (RGB.float() / 255).requires_grad_(),
        torch.nn.Parameter(RGB.float() / 255),
        (RGB.float() / 255).contiguous(),
    ],
    ids=["uint8", "float32", "float64", "gradient", "parameter", "contiguous"],
)
def test_the_values_of_an_image_are_its_bytes(tensor: torch.Tensor) -> None:
    frame = read(tensor)
    assert (frame.pixels == BGR).all()
    assert (frame.path, frame.size) == ("", (50, 40))


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_coarser_floats_are_rounded_once(dtype: torch.dtype) -> None:
    values = (RGB.float() / 255).to(dtype)
    expected = (values.float() * 255).round().to(torch.uint8).numpy()[::-1].transpose(1, 2, 0)
    assert (read(values).pixels == expected).all()


def test_grey_and_alpha_as_the_channels_ask() -> None:
    grey = cv2.cvtColor(BGR, cv2.COLOR_BGR2GRAY)
    assert (read(RGB, 1).pixels[..., 0] == grey).all()  # type: ignore[index]
    assert (read(RGB[:1]).pixels == np.repeat(BGR[..., 2:], 3, 2)).all()
    alpha = torch.arange(40 * 50, dtype=torch.uint8).reshape(1, 40, 50)
    both = read(torch.cat([RGB, alpha]), 4).pixels
    assert (both == np.dstack([BGR, alpha[0].numpy()])).all()


def test_a_batch_is_many_images() -> None:
    source = open_source(torch.stack([RGB, 255 - RGB]))
    assert (source.length, source.single) == (2, False)
    frames = list(source.frames)
    assert [frame.number for frame in frames] == [0, 1]
    assert (frames[0].read().pixels == BGR).all() and (frames[1].read().pixels == 255 - BGR).all()
    assert (open_source(RGB[None]).length, open_source(RGB[None]).single) == (1, False)
    assert open_source(torch.zeros(0, 3, 4, 4)).length == 0


def test_in_lists_and_generators() -> None:
    source = open_source([RGB, torch.stack([RGB, RGB]), BGR])
    assert source.length == 4 and [frame.number for frame in source.frames] == [0, 1, 2, 3]

    def reused() -> object:
        buffer = torch.zeros(3, 4, 6, dtype=torch.uint8)
        for value in range(3):
            yield buffer.fill_(value)

    found = list(open_source(reused()).frames)
    assert [int(frame.read().pixels.max()) for frame in found] == [0, 1, 2]  # type: ignore


def test_what_is_read_does_not_change_with_the_tensor() -> None:
    tensor = torch.zeros(1, 4, 6, dtype=torch.uint8)
    for channels in (1, 3):
        pixels = read(tensor, channels).pixels
        assert pixels is not None
        pixels += 7
        assert int(tensor.max()) == 0


@pytest.mark.parametrize(
    ("tensor", "message"),
    [
        (torch.zeros(40, 50, 3), r"a tensor of shape \(40, 50, 3\) is no image; give \(C, H, W\)"),
        (torch.zeros(40, 50), r"shape \(40, 50\)"),
        (torch.zeros(1, 1, 3, 4, 4), "is no image"),
        (torch.zeros(3, 0, 4), "is no image"),
        (torch.zeros(3, 4, 4, dtype=torch.int64), "a tensor of int64 is no image; give"),
        (torch.zeros(3, 4, 4, dtype=torch.complex64), "a tensor of complex64 is no image"),
        (torch.full((3, 4, 4), 255.0), r"must lie in 0..1; divide it by its white value"),
        (torch.full((3, 4, 4), torch.nan), "must lie in 0..1"),
        (torch.zeros(3, 4, 4, device="meta"), "a tensor's values cannot be read"),
        (torch.zeros(3, 4, 4).to_sparse(), "a tensor's values cannot be read"),
    ],
)
def test_other_tensors_are_refused_in_a_line(tensor: torch.Tensor, message: str) -> None:
    with pytest.raises(ImageError, match=message) as caught:
        read(tensor)
    assert "\n" not in str(caught.value)


def test_what_is_a_tensor() -> None:
    """Torch is not imported for it: see test_pil_images."""
    assert is_tensor(RGB) and is_tensor(torch.nn.Parameter(torch.zeros(1)))
    assert not is_tensor(BGR) and not is_tensor(type("Tensor", (), {})())
