"""The library is built once, and where it cannot be, networks run without."""

from __future__ import annotations

import ctypes
import logging
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from support.golden_check import relative
from support.phone_network import need_compiler, network

from darknet_py.engines.cache_folder import FOLDER_VARIABLE
from darknet_py.engines.compiler import CannotBuild
from darknet_py.engines.engine import open_engine
from darknet_py.engines.native import library, machine_code
from darknet_py.engines.table import EngineConfig


@pytest.fixture
def fresh(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A process that has not tried yet, with an empty cache."""
    monkeypatch.setenv(FOLDER_VARIABLE, str(tmp_path / "kept"))
    library._attempt.cache_clear()
    yield
    library._attempt.cache_clear()


def none() -> str:
    raise CannotBuild("no C++ compiler found; install g++ or clang")


@pytest.mark.usefixtures("fresh")
@pytest.mark.parametrize(("compiled", "said"), [(True, 1), (None, 0)])
def test_without_a_compiler(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    compiled: bool | None,
    said: int,
) -> None:
    """It runs as well, and says so where --compile was asked for."""
    monkeypatch.setattr(machine_code, "compiler", none)
    caplog.set_level(logging.INFO)
    net = network(tmp_path)
    x = torch.rand(1, 3, 32, 32)
    engine = open_engine(net, EngineConfig(compiled=compiled))
    with torch.no_grad():
        assert relative(engine(x)[0].numpy(), net(x)[0].numpy()) <= 1e-5
    assert not engine.compiled and engine.parallel
    warnings = [r.message for r in caplog.records if r.levelno == logging.WARNING]
    message = "--compile: no C++ compiler found; install g++ or clang; running without"
    assert warnings == [message] * said


@pytest.mark.usefixtures("fresh")
def test_a_folder_that_cannot_be_written_is_no_failure(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv(FOLDER_VARIABLE, str(tmp_path / "file" / "kept"))
    with pytest.raises(CannotBuild, match="DARKNET_PY_CACHE"):
        library.library()


def test_the_structures_are_those_of_the_program() -> None:
    """Twelve ints, an activation, a float, two pointers, three tensors: as operation.h has them."""
    assert ctypes.sizeof(library.Tensor) == 40
    assert ctypes.sizeof(library.Operation) == 12 * 4 + 12 + 4 + 16 + 3 * 40
    need_compiler()
    operation = library.Operation(kind=library.WINOGRAD, halves=2, chunk=5, parts=1)
    tensor = library.Tensor(0, 8, 8, 16, 16)
    operation.input, operation.output = tensor, tensor
    lanes = library.library().lanes()
    inputs = -(-16 // lanes) * lanes + lanes
    outputs = -(-16 // lanes) * lanes + lanes
    assert library.library().scratch_of(operation) == 36 * 5 * (inputs + outputs)
