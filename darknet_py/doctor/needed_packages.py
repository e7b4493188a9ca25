"""The packages that every command needs: whether they can be imported, and what cures it."""

from __future__ import annotations

import functools
import importlib

from darknet_py.doctor.section import first_line

NEEDED = {
    "torch": "torch",
    "numpy": "numpy",
    "cv2": "opencv-python",
    "pycocotools": "pycocotools",
    "click": "click",
}
"""Module -> the package that brings it."""
LINKED = {"libGL": "libgl1", "libgthread": "libglib2.0-0", "libglib": "libglib2.0-0"} | {
    "libxcb": "libxcb1"
}
"""Libraries of the system that opencv-python lacks -> Debian's packages."""


def failures() -> dict[str, str]:
    """Module -> what is wrong with it and the cure, for those that cannot be imported."""
    found = {name: failure(name, package) for name, package in NEEDED.items()}
    return {name: text for name, text in found.items() if text}


@functools.cache
def failure(name: str, package: str) -> str:
    """Why a module cannot be imported, with the cure; "" where it can."""
    try:
        importlib.import_module(name)
    except ModuleNotFoundError as missing:
        if missing.name in (name, None):
            return f"{package} is missing; pip install {package}"
        return f"{package} lacks {missing.name}; pip install {missing.name}"
    except Exception as broken:  # noqa: BLE001 - an extension module may raise anything
        what = first_line(broken)
        return f"{package} is broken: {name} cannot be imported ({what}); {_cure(what, package)}"
    return ""


def _cure(what: str, package: str) -> str:
    again = f"pip install --force-reinstall {package}"
    known = [debian for library, debian in LINKED.items() if library in what]
    if package == NEEDED["cv2"] and known:
        headless = "pip uninstall opencv-python && pip install opencv-python-headless"
        return f"apt-get install {known[0]}, or {headless}"
    return again
