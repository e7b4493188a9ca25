"""Pictures: from pixels to the network's input, by Darknet's resize and letterbox."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import torch
import torch.nn.functional as F
from torch import Tensor

from darknet_py.detect.geometry import Placement
from darknet_py.detect.reading import Pixels, with_channels


def to_tensor(pixels: Pixels) -> Tensor:
    """Float32 (C, H, W) in [0, 1] of a uint8 picture (H, W, C)."""
    planes = torch.from_numpy(np.ascontiguousarray(pixels)).permute(2, 0, 1)
    return planes.float().div_(255).contiguous()


def resize(picture: Tensor, width: int, height: int) -> Tensor:
    """Float32 (C, height, width): Darknet's bilinear resize of a picture (C, H, W)."""
    return _resample(picture.permute(1, 2, 0), width, height).contiguous()


def letterbox(picture: Tensor, width: int, height: int) -> Tensor:
    """Float32 (C, height, width): the whole picture (C, H, W) in [0, 1], centred on grey 0.5."""
    return _letterboxed(picture.permute(1, 2, 0), width, height, 1.0)


def prepare(pixels: Pixels, channels: int, width: int, height: int, letter_box: bool) -> Tensor:
    """The network's input, float32 (channels, height, width) in [0, 1], of a uint8 picture.

    pixels: (H, W, 1 or 3) grey or RGB; turned into the other when `channels` asks for it.

    Raises ImageError when the channels do not fit.
    """
    source = torch.from_numpy(np.ascontiguousarray(with_channels(pixels, channels)))
    if letter_box:
        return _letterboxed(source, width, height, 255.0)
    resized = _resample(source, width, height)
    return torch.div(resized, 255, out=torch.empty(resized.shape))


def _letterboxed(source: Tensor, width: int, height: int, white: float) -> Tensor:
    """The letter-boxed input of (H, W, C) values in [0, white]."""
    place = Placement(source.shape[1], source.shape[0], width, height, letter_box=True)
    inner_width, inner_height = place.scaled
    left, top = place.offset
    canvas = torch.full((source.shape[2], height, width), 0.5)
    region = canvas[:, top : top + inner_height, left : left + inner_width]
    torch.div(_resample(source, inner_width, inner_height), white, out=region)
    return canvas


def _resample(source: Tensor, width: int, height: int) -> Tensor:
    """(C, height, width) float32 view of (H, W, C) values, interpolated between corner pixels.

    Rows come first, so that a large uint8 picture is never converted as a whole; Darknet takes
    columns first, which differs by rounding only.
    """
    rows = _resample_rows(source, height).permute(2, 0, 1)
    if rows.shape[2] == width:
        return rows
    columns = F.interpolate(rows[None], (height, width), mode="bilinear", align_corners=True)[0]
    # Darknet takes the last column as it is; computed, it could miss by the rounding of its place.
    columns[:, :, -1] = rows[:, :, -1]
    return columns


def _resample_rows(source: Tensor, height: int) -> Tensor:
    """(height, W, C) float32 of (H, W, C) values."""
    if source.shape[0] == height:
        return source.float()
    upper, fraction = _row_places(source.shape[0], height)
    lower = np.minimum(upper + 1, source.shape[0] - 1)
    # Darknet never adds the lower neighbour to the last row.  Where rounding puts that row just
    # above the last of the picture (640 rows to 288), it comes out nearly black.
    last = 1 - float(fraction[-1])
    fraction[-1] = 0
    pixels = source.numpy()
    rows = torch.from_numpy(pixels[upper]).float()
    rows.lerp_(torch.from_numpy(pixels[lower]).float(), torch.from_numpy(fraction)[:, None, None])
    rows[-1] *= last
    return rows


def _row_places(size: int, wanted: int) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float32]]:
    """Source row above each wanted row, and how far below it the wanted row lies, in [0, 1)."""
    if wanted == 1:
        # Darknet divides by 0 here; its rule for a single column, the last pixel, is used.
        return np.array([size - 1]), np.zeros(1, np.float32)
    step = np.float32(size - 1) / np.float32(wanted - 1)
    place = np.arange(wanted, dtype=np.float32) * step
    upper = np.minimum(place.astype(np.int64), size - 1)
    return upper, place - upper.astype(np.float32)
