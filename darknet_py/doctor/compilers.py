"""The C++ compilers, and whether the one that --compile takes builds what it must."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from darknet_py.doctor.section import Examined, Fact
from darknet_py.engines.compiler import COMPILERS, CannotBuild, build, compiler

SOURCE = """#include <atomic>
#include <cstdint>
#include <thread>
extern "C" int64_t answer() {
    std::atomic<int64_t> sum{0};
    std::thread other([&] { sum += 1; });
    other.join();
    return sum;
}
"""
"""What engines/native needs of a compiler: C++20, threads, its headers."""
VERSION_SECONDS = 20


def compilers() -> Examined:
    """builds: whether the chosen one made a library."""
    names = dict.fromkeys(name for name in (os.environ.get("CXX", ""), *COMPILERS) if name)
    found: list[Fact] = [said for name in names if (said := _version(name))]
    failure = _failure()
    facts: dict[str, Fact] = {"found": found, "builds": not failure}
    return Examined(facts, remarks=(f"--compile: {failure}",) if failure else ())


def _failure() -> str:
    """Why nothing can be built; "" where it can."""
    try:
        with tempfile.TemporaryDirectory(prefix="darknet-py-") as folder:
            build([compiler()], SOURCE, Path(folder) / "probe.so")
    except (CannotBuild, OSError) as failure:
        return str(failure)
    return ""


def _version(name: str) -> str:
    """The first line of --version; "" where it cannot be run."""
    if not shutil.which(name):
        return ""
    try:
        done = subprocess.run(
            [name, "--version"],
            capture_output=True,
            text=True,
            errors="replace",
            timeout=VERSION_SECONDS,
        )
    except (OSError, subprocess.TimeoutExpired):
        return f"{name} (does not run)"
    return next(iter(done.stdout.splitlines()), name)
