"""setInput's blob as the network's input."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import pytest
import torch

from darknet_py.dnn.net_input import four, input_tensor
from darknet_py.dnn.opencv_error import OpenCvError

BLOB = np.arange(2 * 3 * 4 * 5).reshape(2, 3, 4, 5).astype(np.uint8)


@pytest.mark.parametrize("kind", [np.uint8, np.float32, np.float64, np.float16, np.int32, ">f4"])
def test_all_number_types(kind: Any) -> None:
    x = input_tensor(BLOB.astype(kind))
    assert x.dtype == torch.float32 and x.is_contiguous(memory_format=torch.channels_last)
    assert np.array_equal(x.numpy(), BLOB.astype(np.float32))


def test_scale_and_mean_of_each_channel() -> None:
    x = input_tensor(BLOB, 0.5, (1, 2, 3, 4))
    expected = (BLOB.astype(np.float32) - np.float32([1, 2, 3]).reshape(1, 3, 1, 1)) * 0.5
    assert np.array_equal(x.numpy(), expected)
    assert np.array_equal(input_tensor(BLOB[:, :1], 2.0).numpy(), BLOB[:, :1] * np.float32(2))
    first = input_tensor(BLOB, mean=1).numpy() - BLOB
    assert (first[:, 0] == -1).all() and not first[:, 1:].any(), "a single number is the first's"


def test_it_is_a_copy_whatever_lies_how() -> None:
    blob = np.asfortranarray(BLOB.astype(np.float32))[:, :, ::-1]
    x = input_tensor(blob)
    assert np.array_equal(x.numpy(), blob)
    blob[...] = 0
    assert x.any()


def test_rows_are_copied() -> None:
    rows = np.ones((2, 3), np.float32)
    x = input_tensor(rows)
    rows[...] = 0
    assert np.array_equal(x.numpy(), np.ones((2, 3)))


def test_rows_and_opencl() -> None:
    assert input_tensor(BLOB[0, 0]).shape == (4, 5)
    rows = cv2.UMat(np.ones((2, 3), np.float32))
    assert np.array_equal(input_tensor(rows).numpy(), np.ones((2, 3)))


@pytest.mark.parametrize(
    ("blob", "words"),
    [(None, "read None"), (BLOB[0], r"shape \(3, 4, 5\)"), (BLOB[:0], r"shape \(0, 3, 4, 5\)")],
)
def test_what_is_no_blob(blob: object, words: str) -> None:
    with pytest.raises(OpenCvError, match=f"{words}, expected a blob .* cv2.dnn.blobFromImage"):
        input_tensor(blob)


def test_scalars() -> None:
    assert four(2) == (2, 0, 0, 0) and four((1, 2, 3)) == (1, 2, 3, 0) and four(()) == (0, 0, 0, 0)
    assert four(np.array([1, 2, 3, 4])) == (1, 2, 3, 4)
    with pytest.raises(OpenCvError, match="read 5 numbers, expected up to four"):
        four(range(5))
