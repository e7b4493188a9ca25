"""Recorded calls on a CUDA device; what needs none of it runs everywhere."""

from __future__ import annotations

import contextlib
import gc
import weakref
from collections.abc import Iterator
from types import SimpleNamespace

import pytest
import torch

from darknet_py.engines import cuda_graphs

needs_cuda = pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")


def flags() -> tuple[bool, bool, bool]:
    cudnn = torch.backends.cudnn
    return cudnn.allow_tf32, torch.backends.cuda.matmul.allow_tf32, cudnn.benchmark


@pytest.mark.parametrize("tf32", [False, True])
def test_float32_is_what_was_asked_for_inside_only(tf32: bool) -> None:
    before = flags()
    with cuda_graphs.float32_arithmetic(tf32):
        assert flags() == (tf32, tf32, True)
    assert flags() == before
    with pytest.raises(ValueError), cuda_graphs.float32_arithmetic(tf32):
        raise ValueError
    assert flags() == before


@pytest.mark.usefixtures("as_command_line")
def test_what_cannot_be_recorded_runs_as_it_is(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(call: cuda_graphs.Call, x: torch.Tensor, tf32: bool) -> cuda_graphs.Call:
        raise RuntimeError("operation not permitted when stream is capturing\nand more")

    monkeypatch.setattr(cuda_graphs, "Recorded", refuse)
    monkeypatch.setattr(torch.cuda, "device", lambda device: contextlib.nullcontext())
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


class Cuda:
    """CUDA's part of a recording, for machines without; notes on which device it happens."""

    def __init__(self) -> None:
        self.current: list[object] = ["cuda:0"]
        self.recorded_on: list[object] = []
        self.waited: list[object] = []
        self.stream = SimpleNamespace(wait_stream=lambda other: None, wait_event=self.waited.append)
        self.modes: list[str] = []

    @contextlib.contextmanager
    def device(self, device: object) -> Iterator[None]:
        self.current.append(device)
        yield
        self.current.pop()

    @contextlib.contextmanager
    def graph(
        self, graph: object, *, stream: object, capture_error_mode: str = "global"
    ) -> Iterator[None]:
        assert stream is self.stream, "torch's own stream is of the first device"
        self.recorded_on.append(self.current[-1])
        self.modes.append(capture_error_mode)
        yield


def stand_in(monkeypatch: pytest.MonkeyPatch) -> Cuda:
    cuda, fake = torch.cuda, Cuda()
    monkeypatch.setattr(cuda, "Stream", lambda device: fake.stream)
    monkeypatch.setattr(cuda, "Event", lambda: SimpleNamespace(record=lambda stream: None))
    monkeypatch.setattr(cuda, "current_stream", lambda device: fake.stream)
    monkeypatch.setattr(cuda, "stream", lambda side: contextlib.nullcontext())
    monkeypatch.setattr(cuda, "device", fake.device)
    monkeypatch.setattr(cuda, "graph", fake.graph)
    monkeypatch.setattr(cuda, "CUDAGraph", SimpleNamespace)
    return fake


def test_it_is_recorded_and_played_on_the_inputs_device(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever device is current, and beside CUDA calls of other threads."""
    cuda = stand_in(monkeypatch)
    ran_on: list[object] = []

    def call(x: torch.Tensor) -> list[torch.Tensor]:
        ran_on.append(cuda.current[-1])
        return [x]

    x = torch.ones(1)
    replayed = cuda_graphs.Recorded(call, x)
    assert set(ran_on) == {x.device} and len(ran_on) == cuda_graphs.WARM_UP + 1
    assert (cuda.recorded_on, cuda.modes) == ([x.device], ["thread_local"])
    played_on: list[object] = []
    replayed._graph.replay = lambda: played_on.append(cuda.current[-1])
    replayed(x)
    assert played_on == [x.device] and cuda.current == ["cuda:0"]
    assert cuda.waited == [replayed._done], "the last call's results may still be on their way"


def test_one_recording_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    stand_in(monkeypatch)
    locked: list[bool] = []

    def call(x: torch.Tensor) -> list[torch.Tensor]:
        locked.append(cuda_graphs._RECORDING.locked())
        return [x]

    cuda_graphs.Recorded(call, torch.ones(1))
    assert locked == [True] * (cuda_graphs.WARM_UP + 1) and not cuda_graphs._RECORDING.locked()


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
