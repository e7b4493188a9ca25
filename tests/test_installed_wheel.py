"""What `make wheel` builds, installed where nothing else of this repository is."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tarfile
import venv
import zipfile
from collections.abc import Sequence
from pathlib import Path

import pytest
from support.setup_file import ROOT

from darknet_py.version import DISTRIBUTION, __version__

pytestmark = pytest.mark.slow

SOURCES = ("darknet_py", "cfg", "data", "tests", "setup.cfg", "setup.py", "README.md", "LICENSE")
PIP = ("-m", "pip", "--disable-pip-version-check", "-q")
BUILD = ("wheel", "--use-pep517", "--no-build-isolation", "--no-deps", "-w", "dist", ".")
SITE = Path(pytest.__file__).parents[1]
"""Where torch and the other packages lie."""
DATA = {
    "darknet_py/py.typed",
    "darknet_py/commit.txt",
    "darknet_py/engines/native/program.cpp",
    "darknet_py/engines/native/winograd.h",
    "darknet_py/serve/page.html",
    "darknet_py/serve/docs.html",
    "darknet_py/weights_registry/registry.json",
}
SHIPPED = "darknet_py/weights_registry/shipped/"


def ran(command: Sequence[str], cwd: Path, **variables: str) -> str:
    """What it prints; stderr as well."""
    kept = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH",)}
    done = subprocess.run(
        command,
        cwd=cwd,
        env=kept | variables,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert done.returncode == 0, done.stdout
    return done.stdout


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the repository with one commit, so that nothing is written to the real one."""
    root = tmp_path_factory.mktemp("checkout")
    ignored = shutil.ignore_patterns("__pycache__", "*.egg-info", "shapes")
    for name in SOURCES:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, root / name, ignore=ignored)
        else:
            shutil.copy(ROOT / name, root / name)
    who = ("-c", "user.name=a", "-c", "user.email=a@b.c")
    for words in (("init", "-q"), ("add", "-A"), ("commit", "-qm", "all")):
        ran(["git", *who, *words], root)
    return root


@pytest.fixture(scope="module")
def wheel(checkout: Path) -> Path:
    ran([sys.executable, *PIP, *BUILD], checkout, SOURCE_DATE_EPOCH="1700000000")
    (made,) = (checkout / "dist").glob("*.whl")
    return made


@pytest.fixture(scope="module")
def python(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Of an empty environment with the wheel, which sees the packages of the running one."""
    folder = tmp_path_factory.mktemp("installed")
    venv.create(folder, symlinks=True, with_pip=False)
    (site,) = folder.glob("lib/python*/site-packages")
    (site / "packages.pth").write_text(f"{SITE}\n")
    interpreter = folder / "bin" / "python"
    install = ("install", "--no-deps", "--no-index", "--ignore-installed", str(wheel))
    ran([str(interpreter), *PIP, *install], folder)
    return interpreter


def names_in(wheel: Path) -> set[str]:
    with zipfile.ZipFile(wheel) as file:
        return set(file.namelist())


def test_the_wheel_holds_the_package_and_its_data(wheel: Path, checkout: Path) -> None:
    assert wheel.name == f"{DISTRIBUTION.replace('-', '_')}-{__version__}-py3-none-any.whl"
    names = names_in(wheel)
    assert names >= DATA
    networks = {*checkout.glob("cfg/*.cfg"), *checkout.glob("data/*.names")}
    shipped = {f"{SHIPPED}{path.relative_to(checkout)}" for path in networks}
    assert len(shipped) > 20 and {name for name in names if name.startswith(SHIPPED)} == shipped
    modules = {str(path.relative_to(checkout)) for path in checkout.glob("darknet_py/**/*.py")}
    assert {name for name in names if name.endswith(".py")} == modules
    tops = {name.partition("/")[0] for name in names}
    assert tops == {"darknet_py", f"{wheel.name.rpartition('-py3')[0]}.dist-info"}


def test_the_same_commit_gives_the_same_bytes(wheel: Path, checkout: Path) -> None:
    before = wheel.read_bytes()
    shutil.rmtree(checkout / "build")
    ran([sys.executable, *PIP, *BUILD], checkout, SOURCE_DATE_EPOCH="1700000000")
    assert wheel.read_bytes() == before


def test_it_detects_in_another_folder(python: Path, tmp_path: Path) -> None:
    """`darknet_py` is the installed one, its command is there, and names are known."""
    where = "import darknet_py; print(darknet_py.__file__)"
    assert Path(ran([str(python), "-c", where], tmp_path).strip()).is_relative_to(python.parents[1])
    command = str(python.with_name("darknet-py"))
    files = [ROOT / "cfg/shapes.cfg", ROOT / "data/shapes.weights", ROOT / "data/shapes-2.jpg"]
    detected = ran([command, "detect", *map(str, files), "-thresh", ".6"], tmp_path)
    assert "Predicted in" in detected and "crescent: " in detected
    assert (tmp_path / "predictions.jpg").stat().st_size > 10_000
    assert "yolov4-tiny" in ran([command, "download", "--list"], tmp_path)
    table = ran([command, "summary", "yolov4-tiny"], tmp_path)
    assert "416 x 416 x   3" in table


def test_a_name_stands_for_its_cfg(python: Path, tmp_path: Path) -> None:
    """The weights are those of the command line, random ones written here."""
    from darknet_py import Network

    Network.from_cfg(ROOT / "cfg/yolov3-tiny.cfg", seed=1).save_weights(tmp_path / "a.weights")
    command = [str(python.with_name("darknet-py")), "detect", "yolov3-tiny", "a.weights"]
    detected = ran([*command, str(ROOT / "data/shapes-2.jpg")], tmp_path, DARKNET_PY_OFFLINE="1")
    assert "shapes-2.jpg: Predicted in" in detected


def test_its_doctor_knows_the_commit(python: Path, checkout: Path, tmp_path: Path) -> None:
    command = [str(python.with_name("darknet-py")), "doctor", "--json"]
    whole = json.loads(ran(command, tmp_path))
    assert whole["darknet_py"]["commit"] == ran(["git", "rev-parse", "HEAD"], checkout).strip()
    assert whole["darknet_py"]["kind"] == "installed" and whole["issues"] == []
    assert whole["darknet_py"]["distribution"] == f"{DISTRIBUTION} {__version__}"
    assert whole["self_test"]["output"]["cpu"]["right"]


def test_a_source_archive_builds_the_same_package(
    checkout: Path, wheel: Path, tmp_path: Path
) -> None:
    ran([sys.executable, "setup.py", "-q", "sdist", "-d", str(tmp_path)], checkout)
    (archive,) = tmp_path.glob("*.tar.gz")
    with tarfile.open(archive) as file:
        file.extractall(tmp_path, filter="data")
    unpacked = tmp_path / archive.name.removesuffix(".tar.gz")
    assert not (unpacked / "tests").exists() and not list(unpacked.glob("**/*.weights"))
    ran([sys.executable, *PIP, *BUILD], unpacked)
    (again,) = (unpacked / "dist").glob("*.whl")
    assert names_in(again) == names_in(wheel)
    with zipfile.ZipFile(again) as one, zipfile.ZipFile(wheel) as other:
        assert one.read("darknet_py/commit.txt") == other.read("darknet_py/commit.txt")
