"""Which version and commit this is."""

from __future__ import annotations

import importlib.metadata
import json
import shutil
import subprocess
from pathlib import Path
from types import SimpleNamespace

import pytest
from support.setup_file import setup_cfg

from darknet_py.doctor import installation as room
from darknet_py.doctor.installation import NETWORKS, installation
from darknet_py.version import DISTRIBUTION, __version__


def git(folder: Path, *words: str) -> str:
    who = ("-c", "user.name=a", "-c", "user.email=a@b.c")
    command = ["git", "-C", str(folder), *who, *words]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def checkout(root: Path) -> Path:
    """A folder like a checkout; its package."""
    for name in ("darknet_py/a.py", "setup.cfg", "cfg/a.cfg"):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text("old")
    return root / "darknet_py"


def test_the_distribution_is_that_of_the_setup() -> None:
    assert setup_cfg()["metadata"]["name"] == DISTRIBUTION
    assert installation().facts["version"] == __version__


@pytest.mark.skipif(not shutil.which("git"), reason="there is no git")
def test_a_checkout_says_its_commit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = checkout(tmp_path)
    git(tmp_path, "init", "-q")
    git(tmp_path, "add", "-A")
    git(tmp_path, "commit", "-qm", "first")
    monkeypatch.setenv("GIT_DIR", "/nowhere")
    facts = installation(package).facts
    monkeypatch.delenv("GIT_DIR")
    assert facts["commit"] == git(tmp_path, "rev-parse", "HEAD")
    assert (facts["kind"], facts["changed"]) == ("checkout", False)
    (tmp_path / "cfg/a.cfg").write_text("another network")
    assert installation(package).facts["changed"] is False
    (package / "a.py").write_text("new")
    assert installation(package).facts["changed"] is True


def test_without_git_nothing_is_known(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = checkout(tmp_path)
    assert installation(package).facts["commit"] is None
    (tmp_path / ".git").write_text("gitdir: /nowhere")
    assert installation(package).facts["commit"] is None
    monkeypatch.setenv("PATH", "")
    found = installation(package)
    assert (found.facts["commit"], found.facts["changed"], found.issues) == (None, None, ())


def test_an_installed_package_says_what_it_was_built_from(tmp_path: Path) -> None:
    package = tmp_path / "darknet_py"
    for name in NETWORKS:
        path = package / "weights_registry" / "shipped" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("")
    assert installation(package).facts["commit"] is None
    (package / "commit.txt").write_text("abc123\n")
    found = installation(package)
    assert (found.facts["commit"], found.facts["kind"]) == ("abc123", "installed")
    assert (found.facts["changed"], found.issues) == (None, ())
    path.unlink()
    issue = f"{NETWORKS[-1]} is missing in this installation; install it again"
    assert installation(package).issues == (issue,)


@pytest.mark.parametrize(
    ("url", "told"),
    [
        (None, f"{DISTRIBUTION} 1.2"),
        (json.dumps({"dir_info": {"editable": True}}), f"{DISTRIBUTION} 1.2, editable"),
        (json.dumps({"archive_info": {}}), f"{DISTRIBUTION} 1.2"),
    ],
)
def test_what_pip_knows(url: str | None, told: str, monkeypatch: pytest.MonkeyPatch) -> None:
    known = SimpleNamespace(version="1.2", read_text=lambda name: url)
    monkeypatch.setattr(room, "distribution", lambda name: known)
    assert installation().facts["distribution"] == told


def test_what_pip_does_not_know(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(name: str) -> None:
        raise importlib.metadata.PackageNotFoundError(name)

    monkeypatch.setattr(room, "distribution", unknown)
    assert installation().facts["distribution"] is None
