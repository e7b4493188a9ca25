"""Every row of registry.json is well formed, and what it says agrees with the cfg files here."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from darknet_py.cfg.names import read_names
from darknet_py.errors import DarknetError, Problems
from darknet_py.network.graph import Graph, read_graph
from darknet_py.weights_registry.registry import (
    SUMS,
    TASKS,
    RegisteredNetwork,
    RegistryFile,
    files,
    network_named,
    networks,
)
from darknet_py.weights_registry.shipped import shipped_path

DIGITS = {"sha512": 128, "sha256": 64, "sha1": 40, "md5": 32}
HEADERS = (16, 20)
BIGGEST = 1_000_000_000
OURS = [one for one in networks().values() if one.cfg and files()[one.cfg].shipped]


def graph_of(network: RegisteredNetwork) -> Graph:
    return read_graph(shipped_path(files()[network.cfg]), problems=Problems(strict=True))


def test_there_are_as_many_as_were_looked_up() -> None:
    tasks = [network.task for network in networks().values()]
    assert {task: tasks.count(task) for task in TASKS} == {
        "detect": 31,
        "classify": 9,
        "backbone": 12,
    }
    assert len(OURS) == 17 and len([file for file in files().values() if file.urls]) == 79


@pytest.mark.parametrize("file", files().values(), ids=lambda file: file.name)
def test_a_file_is_well_formed(file: RegistryFile) -> None:
    assert Path(file.name).name == file.name
    assert bool(file.urls) != bool(file.shipped)
    assert len(set(file.urls)) == len(file.urls)
    for url in file.urls:
        parts = urlsplit(url)
        assert parts.scheme == "https" and parts.netloc.endswith((".com", ".io"))
        assert parts.path.startswith("/") and not parts.query
    assert not file.urls or all(0 < size < BIGGEST for size in file.sizes)
    assert len(file.sizes) == (0 if file.shipped else len(file.sizes) or 1) <= 2
    for kind, digits in (file.sums or {}).items():
        assert kind in SUMS and re.fullmatch(r"[0-9a-f]+", digits) and len(digits) == DIGITS[kind]


@pytest.mark.parametrize("network", networks().values(), ids=lambda network: network.name)
def test_a_network_is_well_formed(network: RegisteredNetwork) -> None:
    assert network.task in TASKS and network.license
    assert set(network.files) <= set(files()) and network.files[-1] == network.weights
    whole = network.task != "backbone"
    assert whole == bool(network.cfg and network.names and network.classes and min(network.input))
    if published := network.published:
        assert published.source.startswith("https://") and published.data
        assert published.input == network.input[0]
        measured = [value for value in (published.ap, published.ap50) if value is not None]
        assert measured and all(1 < value < 100 for value in measured)


@pytest.mark.parametrize("network", OURS, ids=lambda network: network.name)
def test_our_cfg_needs_the_bytes_that_were_published(network: RegisteredNetwork) -> None:
    graph = graph_of(network)
    floats = 4 * graph.parameters
    assert set(files()[network.weights].sizes) <= {header + floats for header in HEADERS}
    assert (graph.net.width, graph.net.height) == network.input
    assert (graph.head_classes or graph.nodes[graph.last].out.c) == network.classes
    assert (graph.head_classes is None) == (network.task == "classify")


@pytest.mark.parametrize("network", OURS, ids=lambda network: network.name)
def test_names_are_as_many_as_classes(network: RegisteredNetwork) -> None:
    file = files()[network.names]
    if file.shipped:
        assert len(read_names(shipped_path(file))) == network.classes
    else:
        assert network.task == "classify"


def test_cfgs_that_are_not_ours_are_of_one_commit_and_have_a_checksum() -> None:
    """A branch could change below the checksum."""
    others = [file for file in files().values() if file.name.endswith((".cfg", ".names", ".list"))]
    fetched = [file for file in others if not file.shipped]
    assert len(fetched) == 27
    for file in fetched:
        assert re.search(r"githubusercontent\.com/[^/]+/[^/]+/[0-9a-f]{40}/", file.urls[0])
        assert set(file.sums or {}) == {"sha256"} and len(file.sizes) == 1


def test_no_file_belongs_to_nobody() -> None:
    used = {name for network in networks().values() for name in network.files}
    assert used == set(files())


def test_the_strongest_sum_counts() -> None:
    assert files()["yolov4-tiny.weights"].checksum == (
        "sha256",
        "cf9fbfd0f6d4869b35762f56100f50ed05268084078805f0e7989efe5bb8ca87",
    )
    kind, digits = files()["yolov2-tiny.weights"].checksum or ("", "")
    assert kind == "sha512" and digits.startswith("f0857a7a")
    assert files()["yolov4-csp.weights"].checksum is None


def test_an_unknown_name() -> None:
    with pytest.raises(DarknetError, match=r"yolov4tiny: no network .*; did you mean 'yolov4-tiny"):
        network_named("yolov4tiny")
    with pytest.raises(DarknetError, match="`darknet-py download --list` shows all"):
        network_named("qqq")
