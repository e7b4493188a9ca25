"""Graphics cards as torch sees them; stand-ins where there is none."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest
import torch

from darknet_py.doctor import torch_devices
from darknet_py.doctor.torch_devices import CUDA_CURE, devices, nvidia_driver


@pytest.fixture
def cards(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two, of compute capability 8.6 and 6.1, and a torch for CUDA 12.8."""
    kinds = [
        SimpleNamespace(name="New", major=8, minor=6),
        SimpleNamespace(name="Old", major=6, minor=1),
    ]
    for name, value in {
        "is_available": lambda: True,
        "device_count": lambda: 2,
        "get_device_properties": kinds.__getitem__,
        "mem_get_info": lambda number: (number + 1, 10),
        "get_arch_list": lambda: ["sm_70", "sm_80", "sm_90", "compute_90"],
    }.items():
        monkeypatch.setattr(torch.cuda, name, value)
    monkeypatch.setattr(torch.version, "cuda", "12.8")
    monkeypatch.setattr(torch.backends.cudnn, "version", lambda: 91002)
    monkeypatch.setattr(torch_devices, "nvidia_driver", lambda: "570.1")


@pytest.mark.usefixtures("cards")
def test_cards_and_one_that_this_torch_has_no_code_for() -> None:
    found = devices()
    one = {"device": "cuda:0", "name": "New", "compute_capability": "8.6"}
    two = {"device": "cuda:1", "name": "Old", "compute_capability": "6.1"}
    sizes = ({"total_bytes": 10, "free_bytes": 1}, {"total_bytes": 10, "free_bytes": 2})
    assert found.facts["cuda"] == [one | sizes[0], two | sizes[1]]
    assert [found.facts[name] for name in ("cuda_build", "driver", "cudnn")] == [
        "12.8",
        "570.1",
        91002,
    ]
    what = "cuda:1 (Old): this torch has no code for compute capability 6.1"
    assert found.issues == (f"{what}; use --device cpu, or another torch: {CUDA_CURE}",)
    assert found.remarks == ()


@pytest.mark.parametrize(
    ("built_for", "runs"),
    [
        (["sm_80"], True),
        (["sm_86"], True),
        (["sm_89", "sm_75"], False),
        (["compute_75"], True),
        (["compute_90"], False),
        (["sm_90a", "sm_120"], False),
        ([], True),
    ],
)
def test_what_runs_on_a_card_of_8_6(built_for: list[str], runs: bool) -> None:
    card = {"device": "cuda:0", "name": "New", "compute_capability": "8.6"}
    assert (torch_devices._foreign(card, built_for) == "") == runs


BUILT = "this torch is built for CUDA 12.8, but no device or driver; see what nvidia-smi says"
DRIVEN = "there is a driver of NVIDIA's (570.1), but this torch is built without CUDA"


@pytest.mark.parametrize(
    ("build", "driver", "remarks"),
    [
        (None, None, ()),
        ("12.8", None, (BUILT,)),
        (None, "570.1", (f"{DRIVEN}; {CUDA_CURE}",)),
    ],
)
def test_without_cards(
    build: str | None, driver: str | None, remarks: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.version, "cuda", build)
    monkeypatch.setattr(torch_devices, "nvidia_driver", lambda: driver)
    found = devices()
    assert (found.facts["cuda"], found.facts["cuda_build"], found.issues) == ([], build, ())
    assert found.remarks == remarks


@pytest.mark.parametrize(
    ("text", "version"), [("echo 570.1; echo 570.1", "570.1"), ("exit 9", None), ("true", None)]
)
def test_the_driver(
    text: str, version: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert nvidia_driver() is None
    program = tmp_path / "nvidia-smi"
    program.write_text(f"#!/bin/sh\n{text}\n")
    program.chmod(0o755)
    assert nvidia_driver() == version
