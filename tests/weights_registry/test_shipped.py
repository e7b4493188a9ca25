"""cfg and names files of the registry: in a checkout, and in what is installed."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from darknet_py.errors import DarknetError
from darknet_py.weights_registry import shipped
from darknet_py.weights_registry.registry import RegistryFile, files
from darknet_py.weights_registry.shipped import shipped_path

ROOT = Path(__file__).resolve().parents[2]
SHIPPED = [file for file in files().values() if file.shipped]


def test_a_checkout_has_them() -> None:
    assert len(SHIPPED) == 19
    for file in SHIPPED:
        assert shipped_path(file) == ROOT / file.shipped


def test_what_is_installed_comes_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shipped, "PLACES", (tmp_path / "inside", tmp_path))
    for place in (tmp_path, tmp_path / "inside"):
        (place / "cfg").mkdir(parents=True)
        (place / "cfg" / "a.cfg").write_text("[net]")
        assert shipped_path(RegistryFile("a.cfg", shipped="cfg/a.cfg")) == place / "cfg" / "a.cfg"
    with pytest.raises(DarknetError, match=r"cfg/b\.cfg: is missing in this installation"):
        shipped_path(RegistryFile("b.cfg", shipped="cfg/b.cfg"))


def test_installing_puts_them_into_the_package(tmp_path: Path) -> None:
    pytest.importorskip("setuptools")
    words = [sys.executable, "-W", "ignore", "setup.py", "-q", "build_py", "-d", str(tmp_path)]
    subprocess.run(words, cwd=ROOT, check=True, capture_output=True)
    inside = tmp_path / "darknet_py" / "weights_registry"
    assert (inside / "registry.json").is_file()
    for file in SHIPPED:
        assert (inside / "shipped" / file.shipped).read_bytes() == shipped_path(file).read_bytes()
