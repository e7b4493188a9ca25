"""A program that was written to a file gives the same heads, bit for bit."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from support.phone_network import need_compiler, network

from darknet_py.engines.native.operations import ProgramOptions
from darknet_py.engines.native.program import NativeProgram
from darknet_py.engines.native.stored_program import StoredProgram
from darknet_py.network.network import Network


@pytest.fixture(autouse=True)
def _compiler() -> None:
    need_compiler()


def program(net: Network, threads: int = 1, images: int = 1) -> NativeProgram:
    return NativeProgram(net.for_inference(), images, ProgramOptions(threads))


@pytest.mark.parametrize("threads", [1, 2])
def test_the_file_gives_the_same_heads(tmp_path: Path, threads: int) -> None:
    net = network(tmp_path)
    made = program(net, threads)
    record = made.record()
    assert record and record.bytes > 1000
    path = tmp_path / "program"
    record.write(path)
    stored = StoredProgram(path)
    for seed in range(2):
        x = torch.rand(1, 3, 32, 32, generator=torch.Generator().manual_seed(seed))
        with torch.no_grad():
            expected = made(x)
        actual = stored(x.permute(0, 2, 3, 1).numpy())
        assert len(actual) == len(expected) > 0
        for mine, other in zip(actual, expected, strict=True):
            assert mine.shape == tuple(other.shape) and (mine == other.numpy()).all()


def test_what_torch_computes_or_several_images_are_not_stored(tmp_path: Path) -> None:
    assert program(network(tmp_path), images=2).record() is None
    text = "[net]\nwidth=8\nheight=8\nchannels=3\n[softmax]\n"
    (tmp_path / "torch.cfg").write_text(text)
    assert program(Network.from_cfg(tmp_path / "torch.cfg")).record() is None
