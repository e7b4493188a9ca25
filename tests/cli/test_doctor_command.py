"""doctor from the command line."""

from __future__ import annotations

import builtins
from typing import Any

import pytest
from click.testing import CliRunner

from darknet_py.cli import doctor_command
from darknet_py.cli.main import main


def test_doctor_has_a_line_for_each_thing() -> None:
    result = CliRunner().invoke(main, ["doctor"])
    assert result.exit_code == 0
    lines = result.stdout.splitlines()
    starts = [line.split()[0].rstrip(":") for line in lines]
    libraries = ["torch", "numpy", "cv2", "pycocotools", "click"]
    machine = ["cuda", "cpu", "memory", "C++", "optional"]
    assert starts == ["darknet-py", *libraries, *machine, "0"]
    assert lines[-1] == "0 issues"


def test_doctor_names_optional_packages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor_command, "find_spec", lambda name: name == "onnx")
    assert doctor_command._optional("onnx") == "onnx there"
    assert doctor_command._optional("openvino") == "openvino missing (--engine openvino)"


def test_doctor_without_a_library_has_exit_code_1(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor_command, "LIBRARIES", {"cv2_not_there": "opencv-python"})
    result = CliRunner().invoke(main, ["doctor"])
    assert result.exit_code == 1
    assert "cv2_not_there: missing; pip install opencv-python\n" in result.stdout
    assert result.stdout.endswith("\n1 issue\n")


def test_doctor_without_a_compiler(monkeypatch: pytest.MonkeyPatch) -> None:
    from darknet_py.engines.native import library

    def none() -> str:
        raise library.CannotBuild("no C++ compiler found")

    monkeypatch.setattr(library, "compiler", none)
    assert doctor_command._compiler() == "none; --compile needs one: install g++ or clang"


def test_doctor_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    plain = builtins.__import__

    def without_torch(name: str, *rest: Any, **extra: Any) -> Any:
        if name == "torch":
            raise ModuleNotFoundError(name)
        return plain(name, *rest, **extra)

    def without_modules(name: str) -> Any:
        raise ModuleNotFoundError(name) if name == "torch" else ImportError("libGL.so.1")

    monkeypatch.setattr(builtins, "__import__", without_torch)
    monkeypatch.setattr("darknet_py.cli.doctor_command.importlib.import_module", without_modules)
    from darknet_py.cli.doctor_command import examined

    lines = [line.text for line in examined()]
    assert "torch: missing; pip install torch" in lines
    cure = "pip install --force-reinstall opencv-python"
    assert f"cv2: cannot be imported (libGL.so.1); {cure}" in lines
    assert "cuda: unknown without torch" in lines


@pytest.mark.parametrize(
    ("version", "available", "line"),
    [
        (None, False, "not in this build of torch, networks run on the CPU; a CUDA build"),
        ("12.8", False, "12.8, but no device or driver; see what nvidia-smi says"),
        ("12.8", True, "12.8, devices 0: Some GPU, 1: Some GPU"),
    ],
)
def test_doctor_on_cuda(
    monkeypatch: pytest.MonkeyPatch, version: str | None, available: bool, line: str
) -> None:
    import torch

    from darknet_py.cli.doctor_command import _cuda

    monkeypatch.setattr(torch.version, "cuda", version)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: available)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda number: "Some GPU")
    assert _cuda().startswith(line)


@pytest.mark.parametrize(
    ("whole", "free", "told"),
    [
        (3 << 30, 1 << 30, "3.0 GiB, 1.0 GiB free"),
        (None, 1 << 30, "unknown on this system"),
        (3 << 30, None, "unknown on this system"),
    ],
)
def test_doctor_on_memory(
    whole: int | None, free: int | None, told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(doctor_command, "total_memory", lambda: whole)
    monkeypatch.setattr(doctor_command, "free_memory", lambda: free)
    assert doctor_command._memory() == told
