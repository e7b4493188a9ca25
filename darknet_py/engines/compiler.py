"""The C++ compiler of this machine. Light to import."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

COMPILERS = ("g++", "clang++", "c++")
FLAGS = ("-O3", "-march=native", "-std=c++20", "-pthread", "-shared", "-fPIC")
SECONDS = 300
"""A compiler that takes longer is taken for one that hangs."""


class CannotBuild(Exception):
    """There is no C++ compiler here, or it refused."""


def compiler() -> str:
    """The C++ compiler: $CXX, else the first known one; raises CannotBuild without any."""
    for name in (os.environ.get("CXX", ""), *COMPILERS):
        if name and shutil.which(name):
            return name
    raise CannotBuild("no C++ compiler found; install g++ or clang")


def build(command: Sequence[str], source: str, path: Path, flags: Sequence[str] = FLAGS) -> None:
    """A library at `path`, of a text in C++.

    command: the compiler, and what it is told beside `flags`. Raises CannotBuild with the reason.
    """
    name, *more = command
    words = [name, *flags, "-x", "c++", "-", *more, "-o", str(path)]
    try:
        subprocess.run(
            words, input=source, check=True, capture_output=True, text=True, timeout=SECONDS
        )
    except subprocess.TimeoutExpired:
        raise CannotBuild(f"{name} took over {SECONDS} s") from None
    except OSError as failure:
        raise CannotBuild(f"{name}: {failure.strerror}") from None
    except subprocess.CalledProcessError as failure:
        errors = [line for line in failure.stderr.splitlines() if "error" in line]
        raise CannotBuild(f"{name}: {(errors or ['it failed'])[0]}") from None
