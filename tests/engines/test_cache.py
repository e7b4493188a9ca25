"""The cache of what engines make: keys, whole files, size."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
import torch

from darknet_py.engines import cache
from darknet_py.errors import OutputError
from darknet_py.network import Network

CFG = """[net]
width=8
height=8
channels=3
[convolutional]
batch_normalize=1
filters=4
size=3
pad=1
activation=leaky
"""


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv(cache.FOLDER_VARIABLE, str(tmp_path / "kept"))
    return tmp_path / "kept"


def network(tmp_path: Path, cfg: str = CFG, seed: int = 0) -> Network:
    path = tmp_path / "net.cfg"
    path.write_text(cfg)
    return Network.from_cfg(path, seed=seed)


def test_a_file_is_made_once(tmp_path: Path, place: Path) -> None:
    made: list[Path] = []

    def make(path: Path) -> None:
        made.append(path)
        path.write_bytes(b"result")

    net = network(tmp_path)
    first = cache.cached(net, ["x"], ".bin", make)
    assert cache.cached(net, ["x"], ".bin", make) == first
    assert len(made) == 1 and first.read_bytes() == b"result"
    assert os.listdir(place) == [first.name]


def test_the_key_follows_weights_graph_and_words(tmp_path: Path) -> None:
    plain = cache.digest(network(tmp_path), ["x"])
    assert cache.digest(network(tmp_path), ["x"]) == plain
    others = [
        cache.digest(network(tmp_path), ["y"]),
        cache.digest(network(tmp_path, seed=1), ["x"]),
        cache.digest(network(tmp_path, CFG.replace("leaky", "relu")), ["x"]),
        cache.digest(network(tmp_path).to(torch.bfloat16), ["x"]),
        cache.digest(network(tmp_path).for_inference(), ["x"]),
    ]
    assert len({plain, *others}) == 6


def test_nothing_is_left_when_making_fails(tmp_path: Path, place: Path) -> None:
    def make(path: Path) -> None:
        path.write_bytes(b"half")
        raise RuntimeError("no")

    with pytest.raises(RuntimeError):
        cache.cached(network(tmp_path), ["x"], ".bin", make)
    assert os.listdir(place) == []


def test_the_longest_unused_files_go(tmp_path: Path) -> None:
    for age, name in enumerate(("new", "middle", "old")):
        (tmp_path / name).write_bytes(bytes(10))
        os.utime(tmp_path / name, (1000 - age, 1000 - age))
    cache.prune(tmp_path, 20, keep=tmp_path / "old")
    assert sorted(os.listdir(tmp_path)) == ["new", "old"]


def test_a_folder_that_cannot_be_made_is_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv(cache.FOLDER_VARIABLE, str(tmp_path / "file" / "kept"))
    with pytest.raises(OutputError, match=cache.FOLDER_VARIABLE):
        cache.cached(network(tmp_path), ["x"], ".bin", lambda path: None)
