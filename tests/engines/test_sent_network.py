"""A network as plain data, for another process."""

from __future__ import annotations

import io
import pickle
from multiprocessing.reduction import ForkingPickler
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from support.tiny_detector import files, noise_image

import darknet_py
from darknet_py.detect.mean_engine import MeanEngine
from darknet_py.engines.sent_network import SentNetwork, SentTensor
from darknet_py.network.network import load_network

DTYPES = [torch.float32, torch.bfloat16, torch.float16, torch.int64]


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("shape", [(), (0,), (5,), (2, 3, 4, 5)])
def test_tensors_come_back_bit_for_bit(dtype: torch.dtype, shape: tuple[int, ...]) -> None:
    tensor = (torch.rand(shape) * 1000 + 1).to(dtype)
    if tensor.dim() == 4:
        tensor = tensor.to(memory_format=torch.channels_last)
    actual = SentTensor.of(tensor).tensor()
    assert (actual.dtype, actual.shape) == (tensor.dtype, tensor.shape)
    assert torch.equal(actual, tensor)
    actual.zero_()
    assert tensor.numel() == 0 or not torch.equal(actual, tensor)


def test_a_network_comes_back_as_it_was(tmp_path: Path) -> None:
    network = load_network(*files(tmp_path))[0].for_inference()
    made = pickle.loads(pickle.dumps(SentNetwork.of(network))).network()
    assert (made.graph, made.header, made.folded) == (network.graph, network.header, True)
    x = torch.rand(1, *network.graph.net.input)
    assert torch.equal(made(x)[0], network(x)[0])
    ours, theirs = made.state_dict(), network.state_dict()
    assert list(ours) == list(theirs) and not made.training
    assert all(ours[name].stride() == theirs[name].stride() for name in ours)
    assert not any(tensor.requires_grad for tensor in made.parameters())


def sent(thing: Any) -> Any:
    """Through the pickler of multiprocessing, which torch has taught to share its tensors."""
    file = io.BytesIO()
    ForkingPickler(file, pickle.HIGHEST_PROTOCOL).dump(thing)
    assert b"rebuild_storage" not in file.getvalue() and b"rebuild_tensor" not in file.getvalue()
    return pickle.loads(file.getvalue())


@pytest.mark.parametrize("precision", ["fp32", "bf16"])
def test_a_detector_is_sent_without_shared_memory(tmp_path: Path, precision: str) -> None:
    detector = darknet_py.load(*files(tmp_path), names=["a", "b", "c"], precision=precision)
    expected = detector(noise_image(), thresh=0.1)
    other = sent(detector)
    actual = other(noise_image(), thresh=0.1)
    assert len(actual) > 0 and np.array_equal(actual.boxes.data, expected.boxes.data)  # type: ignore
    assert repr(other) == repr(detector)
    assert other._timed_engine.engine is other.engine and other.engine is not detector.engine


def test_the_mean_of_images_starts_anew(tmp_path: Path) -> None:
    detector = darknet_py.load(*files(tmp_path))
    detector = detector.on(MeanEngine(detector.engine, 3))
    detector(noise_image(1))
    other = sent(detector)
    assert isinstance(other.engine, MeanEngine) and other.engine._kept.maxlen == 3
    fresh = darknet_py.load(*files(tmp_path))(noise_image(), thresh=0.1)
    actual = other(noise_image(), thresh=0.1)
    assert np.array_equal(actual.boxes.data, fresh.boxes.data)  # type: ignore[union-attr]
    mixed = detector(noise_image(), thresh=0.1)
    assert not np.array_equal(mixed.boxes.data, fresh.boxes.data)  # type: ignore[union-attr]


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
def test_a_detector_on_a_gpu_goes_by_the_main_memory(tmp_path: Path) -> None:
    detector = darknet_py.load(*files(tmp_path), device="cuda")
    rgb = torch.from_numpy(noise_image()[..., ::-1].copy()).permute(2, 0, 1).cuda()
    expected = detector(noise_image(), thresh=0.1)
    for other in (detector, sent(detector)):
        actual = other(rgb, thresh=0.1)
        assert other.device.type == "cuda" and len(actual) > 0
        assert np.array_equal(actual.boxes.data, expected.boxes.data)  # type: ignore[union-attr]
