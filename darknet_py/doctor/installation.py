"""Which darknet-py this is: its version, its commit, where it lies."""

from __future__ import annotations

import json
import os
import subprocess
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path

from darknet_py.doctor.section import Examined
from darknet_py.version import DISTRIBUTION, __version__

PACKAGE = Path(__file__).resolve().parents[1]
COMMIT_FILE = "commit.txt"
"""In the package, where setup.py has built a wheel or an sdist from a checkout."""
GIT_SECONDS = 10
NETWORKS = ("cfg/yolov3-tiny.cfg", "data/coco.names")
"""Of those that setup.py copies into the package."""


def installation(package: Path = PACKAGE) -> Examined:
    """package: the folder of darknet_py. git is asked, where it is a checkout."""
    checkout = _is_checkout(package.parent)
    facts = {
        "version": __version__,
        "commit": _git(package, "rev-parse", "HEAD") if checkout else _built_from(package),
        "changed": _changed(package) if checkout else None,
        "kind": "checkout" if checkout else "installed",
        "path": str(package),
        "distribution": _distribution(),
    }
    lacking = [] if checkout else [name for name in NETWORKS if not _shipped(package, name)]
    issues = [f"{name} is missing in this installation; install it again" for name in lacking]
    return Examined(facts, tuple(issues))


def _shipped(package: Path, name: str) -> bool:
    return (package / "weights_registry" / "shipped" / name).is_file()


def _is_checkout(root: Path) -> bool:
    """A folder in git, or a copy of one."""
    return (root / "setup.cfg").is_file() and (root / "cfg").is_dir()


def _built_from(package: Path) -> str | None:
    try:
        return (package / COMMIT_FILE).read_text().strip()
    except OSError:
        return None


def _changed(package: Path) -> bool | None:
    """Whether the package differs from its commit; None where git does not tell."""
    listed = _git(package, "status", "--porcelain", "--", str(package))
    return None if listed is None else listed != ""


def _git(folder: Path, *words: str) -> str | None:
    """What git answers; None without git, and where the folder is none of git's."""
    if not (folder.parent / ".git").exists():
        return None
    asked = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    try:
        done = subprocess.run(
            ["git", "-C", str(folder), *words],
            capture_output=True,
            text=True,
            errors="replace",
            env=asked,
            timeout=GIT_SECONDS,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.strip() if done.returncode == 0 else None


def _distribution() -> str | None:
    """What pip knows of it; None where it only lies in a folder."""
    try:
        known = distribution(DISTRIBUTION)
    except PackageNotFoundError:
        return None
    editable = ", editable" if _is_editable(known) else ""
    return f"{DISTRIBUTION} {known.version}{editable}"


def _is_editable(known: Distribution) -> bool:
    text = known.read_text("direct_url.json") or "{}"
    return bool(json.loads(text).get("dir_info", {}).get("editable"))
