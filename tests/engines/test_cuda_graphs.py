"""Recorded calls on a CUDA device; what needs none of it runs everywhere."""

from __future__ import annotations

import contextlib
import gc
import weakref
from types import SimpleNamespace

import pytest
import torch

from darknet_py.engines import cuda_graphs

needs_cuda = pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")


def test_convolutions_are_exact_inside_only() -> None:
    before = torch.backends.cudnn.allow_tf32, torch.backends.cudnn.benchmark
    with cuda_graphs.exact_convolutions():
        assert (torch.backends.cudnn.allow_tf32, torch.backends.cudnn.benchmark) == (False, True)
    assert (torch.backends.cudnn.allow_tf32, torch.backends.cudnn.benchmark) == before


@pytest.mark.usefixtures("as_command_line")
def test_what_cannot_be_recorded_runs_as_it_is(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(call: cuda_graphs.Call, x: torch.Tensor) -> cuda_graphs.Call:
        raise RuntimeError("operation not permitted when stream is capturing\nand more")

    monkeypatch.setattr(cuda_graphs, "Recorded", refuse)
    call = cuda_graphs.recorded(lambda x: [2 * x], torch.ones(2))
    assert call(torch.ones(2))[0].tolist() == [2, 2]
    line = "no CUDA graph: operation not permitted when stream is capturing; running without"
    assert capsys.readouterr().err == f"darknet-py: warning: {line}\n"


@needs_cuda
def test_a_recorded_call_follows_its_input() -> None:
    weights = torch.randn(8, 3, 3, 3, device="cuda")
    x = torch.randn(1, 3, 16, 16, device="cuda")

    def call(x: torch.Tensor) -> list[torch.Tensor]:
        return [torch.conv2d(x, weights, padding=1)]

    graph = cuda_graphs.recorded(call, x)
    assert isinstance(graph, cuda_graphs.Recorded)
    first = graph(x)[0]
    (second,) = graph(2 * x)
    torch.testing.assert_close(second, 2 * first, rtol=1e-4, atol=1e-4)
    torch.testing.assert_close(first, call(x)[0], rtol=1e-4, atol=1e-4)


def test_what_is_recorded_stays_alive(monkeypatch: pytest.MonkeyPatch) -> None:
    """A recording reads the call's own tensors at each replay, long after the caller let go."""
    stand_in(monkeypatch)
    call = Doubling()
    kept = weakref.ref(call)
    replayed = cuda_graphs.Recorded(call, torch.ones(1))
    del call
    gc.collect()
    assert kept() is not None
    del replayed
    gc.collect()
    assert kept() is None


class Doubling:
    """A call with a tensor of its own."""

    def __init__(self) -> None:
        self.factor = torch.full((1,), 2.0)

    def __call__(self, x: torch.Tensor) -> list[torch.Tensor]:
        return [x * self.factor]


def stand_in(monkeypatch: pytest.MonkeyPatch) -> None:
    """CUDA's part of a recording, for machines without."""
    cuda, here = torch.cuda, contextlib.nullcontext()
    stream = SimpleNamespace(wait_stream=lambda other: None)
    monkeypatch.setattr(cuda, "Stream", lambda device: stream)
    monkeypatch.setattr(cuda, "current_stream", lambda device: stream)
    monkeypatch.setattr(cuda, "stream", lambda side: here)
    monkeypatch.setattr(cuda, "graph", lambda graph: here)
    monkeypatch.setattr(cuda, "CUDAGraph", SimpleNamespace)


def test_a_replay_reads_a_copy_of_its_input_and_gives_results_away(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    stand_in(monkeypatch)
    call = OwnMemory()
    monkeypatch.setattr(torch.cuda, "CUDAGraph", lambda: SimpleNamespace(replay=call.again))
    x = torch.ones(1)
    replayed = cuda_graphs.Recorded(call, x)
    assert call.runs == cuda_graphs.WARM_UP + 1 == 4
    assert call.input is not x, "the caller's tensor may change or go"
    (first,) = replayed(torch.full((1,), 3.0))
    (second,) = replayed(torch.full((1,), 5.0))
    assert (first.item(), second.item()) == (6, 10)


class OwnMemory:
    """A call that doubles into memory of its own, as what is recorded does."""

    def __init__(self) -> None:
        self.input, self.output = torch.zeros(1), torch.zeros(1)
        self.runs = 0

    def __call__(self, x: torch.Tensor) -> list[torch.Tensor]:
        self.input = x
        self.runs += 1
        return self.again()

    def again(self) -> list[torch.Tensor]:
        """The operations alone, on the tensor of the last call."""
        torch.mul(self.input, 2, out=self.output)
        return [self.output]
