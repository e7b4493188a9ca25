"""Nothing in a checkpoint can run, and none takes more memory than it has bytes."""

from __future__ import annotations

import io
import os
import pickle
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from darknet_py.checkpoints.pickled import StandIn, read_checkpoint
from darknet_py.errors import WeightsError


class Runs:
    """Pickled as a call."""

    def __init__(self, function: Any, *arguments: Any) -> None:
        self.call = function, arguments

    def __reduce__(self) -> Any:
        return self.call


@pytest.mark.parametrize("legacy", [False, True])
@pytest.mark.parametrize("function", [os.mkdir, os.system, eval, exec, bytearray, open])
def test_calls_are_never_made(function: Any, legacy: bool, tmp_path: Path) -> None:
    mark, path = tmp_path / "ran", tmp_path / "bad.pt"
    code = f"__import__('os').mkdir({str(mark)!r})"
    argument = {eval: code, exec: code, os.system: f"mkdir {mark}"}.get(function, str(mark))
    content = {"model": Runs(function, argument)}
    torch.save(content, path, _use_new_zipfile_serialization=not legacy)
    with pytest.raises(WeightsError) as caught:
        read_checkpoint(path)
    line = str(caught.value)
    assert line.startswith(f"{path}: names ") and line.endswith("; nothing of it was run")
    assert function.__name__ in line and "\n" not in line
    assert not mark.exists()


def test_names_a_model_has_are_never_looked_up(tmp_path: Path) -> None:
    """A model with a method of its own among its attributes is pickled with getattr."""
    path = tmp_path / "a.pt"
    torch.save({"model": Runs(getattr, "text", "upper")}, path)
    found = read_checkpoint(path)["model"]
    assert isinstance(found, StandIn) and found.kind == "getattr" and not callable(found)


@pytest.mark.parametrize("protocol", [2, 4])
def test_pickles_of_other_programs(protocol: int, tmp_path: Path) -> None:
    path = tmp_path / "bad.pt"
    path.write_bytes(pickle.dumps({"a": Runs(os.system, "true")}, protocol))
    with pytest.raises(WeightsError, match="nothing of it was run|does not write"):
        read_checkpoint(path)


def test_numbers_of_numpy_are_stand_ins(tmp_path: Path) -> None:
    path = tmp_path / "a.pt"
    torch.save({"best": np.float64(0.5), "a": torch.ones(2)}, path)
    found = read_checkpoint(path)
    assert isinstance(found["best"], StandIn) and torch.equal(found["a"], torch.ones(2))


def test_claims_are_compared_with_the_file(tmp_path: Path) -> None:
    path = tmp_path / "a.pt"
    torch.save({"a": torch.zeros(1).expand(1 << 40)}, path)
    with pytest.raises(WeightsError, match=r"claim 4398046511104 bytes, the file has \d+"):
        read_checkpoint(path)
    torch.save({str(n): torch.zeros(1000).view(10, 100) for n in range(3)}, path)
    assert len(read_checkpoint(path)) == 3


def test_compressed_and_damaged_files(tmp_path: Path) -> None:
    whole, path = io.BytesIO(), tmp_path / "a.pt"
    torch.save({"a": torch.zeros(1000)}, whole)
    with zipfile.ZipFile(whole) as source, zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as out:
        for name in source.namelist():
            out.writestr(name, source.read(name))
    with pytest.raises(WeightsError, match="is compressed, or claims more bytes than it has"):
        read_checkpoint(path)
    with zipfile.ZipFile(path, "w") as out:
        out.writestr("a.txt", "b")
    with pytest.raises(WeightsError, match="no file of torch.save"):
        read_checkpoint(path)
    data = whole.getvalue()
    for end in (10, 100, len(data) // 2, len(data) - 1):
        path.write_bytes(data[:end])
        with pytest.raises(WeightsError, match="cannot be read as a PyTorch file"):
            read_checkpoint(path)
