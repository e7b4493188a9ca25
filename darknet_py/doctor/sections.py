"""The table of sections, and how they are examined. To add one, add a row and its function."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from darknet_py.doctor.needed_packages import failures
from darknet_py.doctor.section import Examined, Section, first_line


@dataclass(frozen=True)
class SectionRow:
    """home: module and function, which gives an Examined. needs: modules it cannot do without."""

    title: str
    home: str
    needs: tuple[str, ...] = ()


SECTIONS = {
    "darknet_py": SectionRow("darknet-py", "darknet_py.doctor.installation:installation"),
    "system": SectionRow("System", "darknet_py.doctor.machine_facts:system"),
    "processor": SectionRow("Processor", "darknet_py.doctor.machine_facts:processor"),
    "memory": SectionRow("Memory", "darknet_py.doctor.machine_facts:memory"),
    "devices": SectionRow("Devices", "darknet_py.doctor.torch_devices:devices", ("torch",)),
    "packages": SectionRow("Packages", "darknet_py.doctor.packages:packages"),
    "images": SectionRow("Images and video", "darknet_py.doctor.codecs:codecs", ("numpy", "cv2")),
    "display": SectionRow("Display", "darknet_py.doctor.display_facts:display", ("numpy", "cv2")),
    "engines": SectionRow("Engines", "darknet_py.doctor.engine_facts:engines", ("torch", "numpy")),
    "compiler": SectionRow("C++ compiler", "darknet_py.doctor.compilers:compilers"),
    "cache": SectionRow("Cache", "darknet_py.doctor.cache_facts:cache"),
    "environment": SectionRow("Environment", "darknet_py.doctor.environment:environment"),
}
SELF_TEST = {
    "self_test": SectionRow(
        "Self-test", "darknet_py.doctor.self_test:self_test", ("torch", "numpy", "cv2")
    )
}


def examined(self_test: bool = True) -> Iterator[Section]:
    """The sections in their order. Nothing that is broken stops it."""
    broken = failures()
    for key, row in (SECTIONS | (SELF_TEST if self_test else {})).items():
        yield Section(key, row.title, _examined(row, broken))


def _examined(row: SectionRow, broken: Mapping[str, str]) -> Examined:
    """What breaks an examination is a finding too, and belongs into the report."""
    if lacking := [name for name in row.needs if name in broken]:
        return Examined({"unknown": f"not examined without {' and '.join(lacking)}"})
    try:
        return _function(row.home)()
    except Exception as failure:  # noqa: BLE001 - whatever a broken package raises
        what = f"{type(failure).__name__}: {first_line(failure)}"
        cure = "report it with the rest of this text"
        return Examined({"unknown": what}, (f"cannot be examined: {what}; {cure}",))


def _function(home: str) -> Callable[[], Examined]:
    module, _, name = home.partition(":")
    function: Callable[[], Examined] = getattr(importlib.import_module(module), name)
    return function
