"""The cache of what engines make: keys, whole files, size."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
import torch

from darknet_py.engines import cache
from darknet_py.errors import OutputError
from darknet_py.network.network import Network

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
def cache_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv(cache.FOLDER_VARIABLE, str(tmp_path / "kept"))
    return tmp_path / "kept"


def network(tmp_path: Path, cfg: str = CFG, seed: int = 0) -> Network:
    path = tmp_path / "net.cfg"
    path.write_text(cfg)
    return Network.from_cfg(path, seed=seed)


def digest(net: Network, words: list[str]) -> str:
    return cache.key_of(cache.network_digest(net), words)


def write(path: Path) -> None:
    path.write_bytes(b"result")


@pytest.fixture
def digests(monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """What the weights' digests were, one entry each time they were read."""
    taken: list[bytes] = []

    def counting(net: Network, real: Any = cache.network_digest) -> bytes:
        taken.append(real(net))
        return taken[-1]

    monkeypatch.setattr(cache, "network_digest", counting)
    return taken


def test_the_weights_are_read_once_where_the_files_are_there(
    tmp_path: Path, cache_folder: Path, digests: list[bytes]
) -> None:
    net = network(tmp_path)
    made = [cache.NetworkFiles(net).get([batch], ".bin", write) for batch in (1, 2, 4)]
    digests.clear()
    files = cache.NetworkFiles(net)
    assert [files.get([batch], ".bin", write) for batch in (1, 2, 4)] == made
    assert len(digests) == 1


def test_files_are_found_replaced_and_discarded(tmp_path: Path, cache_folder: Path) -> None:
    files = cache.NetworkFiles(network(tmp_path))
    assert files.find(["a"], ".bin") is None
    path = files.get(["a"], ".bin", write)
    assert files.find(["a"], ".bin") == path and files.made == [path]
    files.remove(["a"], ".bin")
    other = files.get(["a"], ".bin", lambda made: made.write_bytes(b"another"))
    assert other.read_bytes() == b"another" and not path.exists()
    again = cache.NetworkFiles(network(tmp_path))
    assert again.get(["a"], ".bin", write) == other and again.made == []
    last = again.get(["b"], ".bin", write)
    again.discard()
    assert os.listdir(cache_folder) == [other.name] and not last.exists()


def test_a_file_made_of_another_file_takes_no_other_digest(
    tmp_path: Path, cache_folder: Path, digests: list[bytes]
) -> None:
    files = cache.NetworkFiles(network(tmp_path))

    def model(path: Path) -> None:
        path.write_bytes(files.get(["part"], ".onnx", write).read_bytes() * 2)

    assert files.get(["whole"], ".blob", model).read_bytes() == b"resultresult"
    assert len(digests) == 1 and len(os.listdir(cache_folder)) == 2


@torch.no_grad()
def test_changed_weights_make_another_file(
    tmp_path: Path, cache_folder: Path, digests: list[bytes]
) -> None:
    """However they were changed: a file of old weights is never made under the new ones' name."""
    net = network(tmp_path)
    files = cache.NetworkFiles(net)
    files.get(["x"], ".bin", write)
    net.layers[0].weights.data.numpy()[:] += 1  # torch's version counter does not see it
    other = files.get(["y"], ".bin", write)
    assert len(set(digests)) == 2
    assert other == cache.NetworkFiles(net).get(["y"], ".bin", write)


def test_a_file_is_made_once(tmp_path: Path, cache_folder: Path) -> None:
    made: list[Path] = []

    def make(path: Path) -> None:
        made.append(path)
        path.write_bytes(b"result")

    net = network(tmp_path)
    first = cache.NetworkFiles(net).get(["x"], ".bin", make)
    assert cache.NetworkFiles(net).get(["x"], ".bin", make) == first
    assert len(made) == 1 and first.read_bytes() == b"result"
    assert os.listdir(cache_folder) == [first.name]


def test_the_key_follows_weights_graph_and_words(tmp_path: Path) -> None:
    plain = digest(network(tmp_path), ["x"])
    assert digest(network(tmp_path), ["x"]) == plain
    others = [
        digest(network(tmp_path), ["y"]),
        digest(network(tmp_path, seed=1), ["x"]),
        digest(network(tmp_path, CFG.replace("leaky", "relu")), ["x"]),
        digest(network(tmp_path).to(torch.bfloat16), ["x"]),
        digest(network(tmp_path).for_inference(), ["x"]),
    ]
    assert len({plain, *others}) == 6


def test_nothing_is_left_when_making_fails(tmp_path: Path, cache_folder: Path) -> None:
    def make(path: Path) -> None:
        path.write_bytes(b"half")
        raise RuntimeError("no")

    with pytest.raises(RuntimeError):
        cache.NetworkFiles(network(tmp_path)).get(["x"], ".bin", make)
    assert os.listdir(cache_folder) == []


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
        cache.NetworkFiles(network(tmp_path)).get(["x"], ".bin", lambda path: None)


def test_the_code_that_counts_is_where_the_key_looks_for_it() -> None:
    package = Path(cache.__file__).parent.parent
    assert all(list((package / room).glob("*.py")) for room in cache.ROOMS)


def test_the_key_follows_our_code(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Else an upgrade would run the machine code of the version before."""
    net = network(tmp_path)
    plain = digest(net, ["x"])
    monkeypatch.setattr(cache, "code_digest", lambda: b"of another version")
    assert digest(net, ["x"]) != plain


def test_our_code_is_every_source_of_its_rooms(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Any byte of any file counts, and so does a file's name."""
    monkeypatch.setattr(cache, "__file__", str(tmp_path / "engines" / "cache.py"))
    for room in cache.ROOMS:
        (tmp_path / room).mkdir()
        (tmp_path / room / "a.py").write_text("x = 1\n")
    (tmp_path / "engines" / "kernels.cpp").write_text("int x;\n")
    seen = {cache.code_digest.__wrapped__()}
    for name in (*(f"{room}/a.py" for room in cache.ROOMS), "engines/kernels.cpp"):
        (tmp_path / name).write_text("x = 2\n")
        seen.add(cache.code_digest.__wrapped__())
    (tmp_path / "layers" / "a.py").rename(tmp_path / "layers" / "b.py")
    seen.add(cache.code_digest.__wrapped__())
    assert len(seen) == 3 + len(cache.ROOMS)


def test_what_others_keep_in_the_folder_stays(tmp_path: Path, cache_folder: Path) -> None:
    """Of the files made here the oldest go; also of those that torch's compiler made."""
    cache_folder.mkdir(0o700)
    names = ["notes.txt", f"{'1' * 32}-{'2' * 32}.so", "inductor/ab/kernel.so", "mine/kernel.so"]
    for name in names:
        (cache_folder / name).parent.mkdir(exist_ok=True, parents=True)
        (cache_folder / name).write_bytes(b"old")
    keep = cache.NetworkFiles(network(tmp_path)).get(["x"], ".bin", write)
    cache.prune(cache_folder, 0, keep, cache.OURS)
    left = {
        str(path.relative_to(cache_folder)) for path in cache_folder.rglob("*") if path.is_file()
    }
    assert left == {"notes.txt", "mine/kernel.so", keep.name}
