"""Whether a file is the one that was published."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from darknet_py.weights_registry.integrity import impostor, issue, right_size
from darknet_py.weights_registry.registry import RegistryFile

DATA = b"\0\1\2\3" * 9


@pytest.mark.parametrize("kind", ["md5", "sha1", "sha256", "sha512"])
def test_every_kind_of_sum(tmp_path: Path, kind: str) -> None:
    path, digits = tmp_path / "a", hashlib.new(kind, DATA).hexdigest()
    path.write_bytes(DATA)
    assert issue(path, RegistryFile("a", (), (36,), {kind: digits})) == ""
    wrong = RegistryFile("a", (), (36,), {kind: digits[::-1]})
    assert issue(path, wrong) == f"has {kind} {digits}, published is {digits[::-1]}"


def test_the_strongest_of_several(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(DATA)
    sums = {"md5": "0" * 32, "sha256": hashlib.sha256(DATA).hexdigest()}
    assert issue(path, RegistryFile("a", (), (36,), sums)) == ""


def test_sizes(tmp_path: Path) -> None:
    path, file = tmp_path / "a", RegistryFile("a", (), (32, 36))
    assert not right_size(path, file)
    path.write_bytes(DATA)
    assert right_size(path, file) and issue(path, file) == ""
    path.write_bytes(DATA[1:])
    assert not right_size(path, file)
    assert issue(path, file) == "has 35 bytes, expected 32 or 36"


@pytest.mark.parametrize(
    ("head", "told"),
    [
        (b"\n <!DocType html>", "is an HTML page"),
        (b"<HTML>", "is an HTML page"),
        (b"version https://git-lfs.github.com/spec/v1", "is a git-lfs pointer"),
        (b"[net]\nwidth=1", ""),
        (b"\0\0\0\0\2\0\0\0", ""),
        (b"", ""),
    ],
)
def test_what_came_instead(head: bytes, told: str) -> None:
    assert impostor(head).startswith(told) and bool(impostor(head)) == bool(told)
