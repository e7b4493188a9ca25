"""By which errors a device tells that a sub-batch is too large for it."""

from __future__ import annotations

import pytest
import torch
from support.layer_check import network
from support.small_step import CONV, HEAD, NET, data
from torch import Tensor

from darknet_py.train import Trainer
from darknet_py.train.device_memory import is_out_of_memory, release_memory
from darknet_py.train.sub_batch import Moment

TOO_LARGE = [
    torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB"),
    RuntimeError("cuDNN error: CUDNN_STATUS_ALLOC_FAILED"),
    RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`"),
    RuntimeError("CUDA error: out of memory\nCUDA kernel errors might be reported later"),
]
OTHER = RuntimeError("cuDNN error: CUDNN_STATUS_EXECUTION_FAILED")


def test_errors_that_tell_of_memory() -> None:
    assert all(is_out_of_memory(error) for error in TOO_LARGE)
    assert not is_out_of_memory(OTHER)


def fails_once(trainer: Trainer, error: RuntimeError) -> None:
    learn, sizes = trainer._learn, set[int]()

    def learnt(images: Tensor, truth: Tensor, moment: Moment) -> float:
        sizes.add(len(images))
        if sizes == {2}:
            raise error
        return learn(images, truth, moment)

    trainer._learn = learnt  # type: ignore[method-assign]


@pytest.mark.parametrize("error", TOO_LARGE, ids=range(len(TOO_LARGE)))
def test_each_of_them_makes_sub_batches_smaller(error: RuntimeError) -> None:
    trainer = Trainer(network(NET + CONV + HEAD))
    fails_once(trainer, error)
    trainer.step(*data())
    assert trainer.subdivisions == 4


def test_another_error_ends_the_training() -> None:
    trainer = Trainer(network(NET + CONV + HEAD))
    fails_once(trainer, OTHER)
    with pytest.raises(RuntimeError, match="EXECUTION_FAILED"):
        trainer.step(*data())
    assert trainer.subdivisions == 2


def test_torch_gives_back_what_it_keeps_on_a_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[str] = []
    monkeypatch.setattr(torch.cuda, "empty_cache", lambda: calls.append("emptied"))
    release_memory(torch.device("cpu"))
    assert calls == []
    release_memory(torch.device("cuda", 1))
    assert calls == ["emptied"]
