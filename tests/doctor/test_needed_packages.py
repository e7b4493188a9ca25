"""Packages that are missing or broken are named with the cure."""

from __future__ import annotations

import importlib

import pytest
from support.setup_file import package_names, setup_cfg

from darknet_py.doctor import needed_packages
from darknet_py.doctor.needed_packages import NEEDED, failure, failures

AGAIN = "pip install --force-reinstall"


def test_they_are_those_of_the_setup() -> None:
    listed = setup_cfg()["options"]["install_requires"]
    assert package_names(listed) == list(NEEDED.values())


def test_all_is_well_here() -> None:
    assert failures() == {}


@pytest.mark.parametrize(
    ("raised", "package", "told"),
    [
        (ModuleNotFoundError("no", name="x"), "torch", "torch is missing; pip install torch"),
        (ModuleNotFoundError("no", name="y"), "torch", "torch lacks y; pip install y"),
        (
            OSError("libcudart.so: cannot open\nmore"),
            "torch",
            f"torch is broken: x cannot be imported (libcudart.so: cannot open); {AGAIN} torch",
        ),
        (
            ImportError("libGL.so.1: cannot open"),
            "opencv-python",
            "opencv-python is broken: x cannot be imported (libGL.so.1: cannot open); apt-get "
            "install libgl1, or pip uninstall opencv-python && pip install opencv-python-headless",
        ),
        (
            AttributeError("_ARRAY_API not found"),
            "opencv-python",
            "opencv-python is broken: x cannot be imported (_ARRAY_API not found); "
            f"{AGAIN} opencv-python",
        ),
    ],
)
def test_what_is_wrong_and_its_cure(
    raised: Exception, package: str, told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(name: str) -> None:
        raise raised

    monkeypatch.setattr(importlib, "import_module", broken)
    assert failure.__wrapped__("x", package) == told


def test_only_those_that_fail_are_given(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(needed_packages, "NEEDED", {"sys": "python", "no_such_thing": "nothing"})
    assert failures() == {"no_such_thing": "nothing is missing; pip install nothing"}
