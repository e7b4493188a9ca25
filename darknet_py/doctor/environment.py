"""Environment variables that change what is done. Nothing secret is shown."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping

from darknet_py.doctor.section import Examined, Fact

OURS = "DARKNET_PY_"
SECRET = ("TOKEN", "PASSWORD", "SECRET", "KEY")
"""Words in the names of variables whose values are not shown."""
OTHERS = (
    "CUDA_VISIBLE_DEVICES",
    "NVIDIA_VISIBLE_DEVICES",
    "OMP_NUM_THREADS",
    "MKL_NUM_THREADS",
    "KMP_AFFINITY",
    "CXX",
    "TORCHINDUCTOR_CACHE_DIR",
    "ONEDNN_MAX_CPU_ISA",
    "ATEN_CPU_CAPABILITY",
    "QT_QPA_PLATFORM",
    "OPENCV_FFMPEG_CAPTURE_OPTIONS",
)
"""Of torch, OpenCV and the system."""
PROXIES = ("http_proxy", "https_proxy", "all_proxy", "no_proxy")
SET = "set, not shown"
LOGIN = re.compile(r"^([a-zA-Z][\w+.-]*://)?.*@")
"""Of an address with or without its scheme; a password may hold an @ itself."""


def environment(variables: Mapping[str, str] = os.environ) -> Examined:
    """variables: those there are."""
    ours: dict[str, Fact] = {
        name: _shown(name, value) for name, value in sorted(variables.items()) if OURS in name
    }
    others: dict[str, Fact] = {name: variables[name] for name in OTHERS if name in variables}
    proxies: dict[str, Fact] = {
        name: without_password(value)
        for name, value in sorted(variables.items())
        if name.lower() in PROXIES
    }
    return Examined({"darknet_py": ours, "others": others, "proxies": proxies})


def _shown(name: str, value: str) -> str:
    return SET if any(word in name for word in SECRET) else value


def without_password(address: str) -> str:
    """An address without the user and password before its @."""
    return LOGIN.sub(r"\1***@", address)
