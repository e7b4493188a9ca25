"""Versions of packages, and which optional ones are not there."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version

import pytest
from support.setup_file import package_names, setup_cfg

from darknet_py.doctor import packages as room
from darknet_py.doctor.packages import OPTIONAL, packages

DEVELOPERS = {"test", "dev"}


def test_every_package_of_an_extra_is_listed() -> None:
    extras = setup_cfg()["options.extras_require"]
    names = {
        name
        for extra, lines in extras.items()
        if extra not in DEVELOPERS
        for name in package_names(lines)
    }
    assert len(names) > 10 and names <= set(OPTIONAL)


def test_versions_are_those_that_are_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room, "OPTIONAL", {"pytest": "tests", "no-such-package": "nothing"})
    found = packages()
    assert found.facts["needed"]["torch"] == version("torch")  # type: ignore[index, call-overload]
    assert found.facts["optional"] == {"pytest": version("pytest")}
    assert found.facts["not_installed"] == ["no-such-package"]
    assert (found.issues, found.remarks) == ((), ())


def test_two_opencvs_lie_over_each_other(monkeypatch: pytest.MonkeyPatch) -> None:
    there = {"opencv-python-headless": "4.10", "opencv-contrib-python": "4.9", "torch": "2.5"}

    def version_of(name: str) -> str:
        if name not in there:
            raise PackageNotFoundError(name)
        return there[name]

    monkeypatch.setattr(room, "version", version_of)
    monkeypatch.setattr(room, "failures", lambda: {"numpy": "numpy is missing"})
    found = packages()
    needed = {"torch": "2.5", "numpy": None, "pycocotools": None, "click": None}
    opencvs = {"opencv-python-headless": "4.10", "opencv-contrib-python": "4.9"}
    assert found.facts["needed"] == needed | opencvs
    assert found.issues == ("numpy is missing",)
    (remark,) = found.remarks
    assert remark.startswith("opencv-python-headless and opencv-contrib-python lie over each other")
    monkeypatch.setattr(room, "version", lambda name: version_of("none"))
    assert packages().facts["needed"]["opencv-python"] is None  # type: ignore[index, call-overload]
