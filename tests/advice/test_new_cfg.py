"""`new-cfg` from its options to the file and what is said of it."""

from __future__ import annotations

import logging
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from support.sized_set import sized_set, two_heads

from darknet_py.advice import device_memory
from darknet_py.advice.new_cfg import NewCfg, write_new_cfg
from darknet_py.errors import CfgError, DarknetError, DataError, OutputError, Problems
from darknet_py.network.check import check
from darknet_py.network.graph import read_graph
from darknet_py.network.network import Network
from darknet_py.options.advising import NewCfgOptions
from darknet_py.train.trainer import Trainer

LABELS = [(0, 0.1, 0.1), (1, 0.2, 0.2), (2, 0.5, 0.75), (0, 0.9, 0.9), (0, 0.3, 0.1), (0, 0.6, 0.2)]
LABELS += [(1, 0.15, 0.3), (1, 0.05, 0.1), (2, 0.7, 0.4)]
NAMES = ("ant", "bee", "cow")


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data set of three classes, a cfg for two, and a machine with 64 GiB."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(device_memory, "free_on", lambda device: 2**36)
    sized_set(tmp_path, {(320, 320): LABELS}, NAMES)
    two_heads(tmp_path)
    return tmp_path


def made(base: str = "n.cfg", **choices: object) -> NewCfg:
    options = {"data": "n.data", "out": "new.cfg", "device": "cpu", **choices}
    return write_new_cfg(NewCfgOptions(base=base, **options))  # type: ignore[arg-type]


def step(cfg: str, classes: int, width: int, height: int) -> float:
    """The loss of a training step of two images at a size."""
    size = {"width": width, "height": height, "batch": 2, "subdivisions": 1}
    graph = read_graph(cfg, **size, problems=Problems())  # type: ignore[arg-type]
    heads = graph.detection_heads
    if not heads:
        truth = torch.eye(classes)[:2]
    elif heads[-1].label_grid:
        truth = torch.zeros(2, heads[-1].label_grid ** 2 * (5 + classes))
    else:
        truth = torch.zeros(2, 6 * heads[-1].most_labels(graph.fork))
        truth[:, :5] = torch.tensor([0.5, 0.5, 0.3, 0.4, classes - 1.0])
    images = torch.rand(2, 3, height, width, generator=torch.Generator().manual_seed(0))
    return Trainer(Network(graph, seed=0)).step(images, truth)


def test_what_changes_and_what_does_not() -> None:
    result = made(keep_anchors=True)
    old, new = Path("n.cfg").read_text().split("\n"), Path("new.cfg").read_text().split("\n")
    changed = {i + 1: line for i, line in enumerate(new) if line != old[i]}
    assert changed == {
        6: "batch=64",
        9: "max_batches=6000",
        11: "steps=4800,5400",
        16: "filters=16",
        20: "classes=3",
        27: "filters=8",
        31: "classes=3",
    }
    assert {change.new_line for change in result.changes} == set(changed)
    lines = result.text().splitlines()
    assert lines[0] == "new.cfg: made from n.cfg, 7 lines differ"
    assert lines[1] == "  line 6: [net] batch=1 -> batch=64"
    assert lines[-3].endswith("64 images at once at 64 x 64, 64.0 GiB free on cpu")
    assert lines[-2:] == ["check: OK", "next: darknet-py train n.data new.cfg"]


def test_anchors_of_the_data_set() -> None:
    made()
    graph = read_graph("new.cfg")
    assert [len(head.masks) for head in graph.detection_heads] == [2, 1]
    sizes = np.array(graph.detection_heads[0].sizes + graph.detection_heads[1].sizes)
    assert sizes.prod(axis=1).tolist() == sorted(sizes.prod(axis=1).tolist())
    boxes = np.array([label[1:] for label in LABELS]) * 64
    assert sizes.min() >= 3 and sizes.max() <= boxes.max() + 1


def test_size_batch_and_subdivisions_as_asked() -> None:
    result = made(width=96, height=32, batch=32, subdivisions=4)
    net = read_graph("new.cfg").net
    assert (net.width, net.height, net.batch, net.subdivisions) == (96, 32, 32, 4)
    assert result.memory is None


def test_little_memory_means_more_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(device_memory, "free_on", lambda device: 3_000_000)
    memory = made().memory
    assert memory is not None and memory.fits
    assert read_graph("new.cfg").net.subdivisions == memory.subdivisions == 8
    assert memory.step.of(8) <= 0.8 * 3_000_000 < memory.step.of(16)


def test_advice_is_taken() -> None:
    """Half of the objects are small at 64 x 64; left and right are told apart."""
    sized_set(Path(), {(320, 320): LABELS}, ("left", "right", "cow"))
    made(advise=True)
    net = read_graph("new.cfg").net
    assert (net.width, net.height, net.flip) == (160, 160, 0)
    made(advise=True, width=128, keep_anchors=True)
    graph = read_graph("new.cfg")
    assert (graph.net.width, graph.net.height) == (128, 160)
    assert graph.detection_heads[1].sizes == [(32, 32)]


@pytest.mark.parametrize(
    "base, size",
    [
        ("shapes", 64),
        ("yolov4-tiny", 64),
        pytest.param("yolov7-tiny", 64, marks=pytest.mark.slow),
        pytest.param("yolov2-tiny-voc", 64, marks=pytest.mark.slow),
        pytest.param("darknet19", 32, marks=pytest.mark.slow),
        pytest.param("yolov3", 64, marks=pytest.mark.slow),
        pytest.param("yolov4", 64, marks=pytest.mark.slow),
        pytest.param("yolov4-csp", 64, marks=pytest.mark.slow),
        pytest.param("yolov7", 64, marks=pytest.mark.slow),
        pytest.param("enet-coco", 64, marks=pytest.mark.slow),
        pytest.param("yolov1-tiny", 448, marks=pytest.mark.slow),
    ],
)
def test_a_shipped_network_is_made_checked_and_trained(base: str, size: int) -> None:
    result = made(base)
    assert result.notices == () and [one for one in check("new.cfg") if one.level != "note"] == []
    assert np.isfinite(step("new.cfg", 3, size, size))
    graph = read_graph("new.cfg", problems=Problems())
    assert {head.classes for head in graph.detection_heads} <= {3}


def test_the_next_command() -> None:
    assert made("yolov4-tiny").command == (
        *("darknet-py", "train", "n.data", "new.cfg", "yolov4-tiny.conv.29"),
    )
    assert made("yolov3-tiny").command[-2:] == ("yolov3-tiny", "-clear")
    classifier = made("darknet19").command
    assert classifier[1:3] == ("classifier", "train")
    assert classifier[-1] == "darknet19_448.conv.23"


def test_labels_beyond_the_classes_are_said(caplog: pytest.LogCaptureFixture) -> None:
    sized_set(Path(), {(320, 320): LABELS}, ("ant",))
    with caplog.at_level(logging.WARNING):
        made()
    (message,) = caplog.messages
    assert message.startswith("n.data: 5 labels are of a class beyond classes=1; `darknet-py check")


def test_too_few_boxes_for_anchors() -> None:
    sized_set(Path(), {(320, 320): [(0, 0.5, 0.5)]}, NAMES)
    with pytest.raises(DataError, match="1 different box sizes cannot make 3 anchors; keep those"):
        made()
    assert not Path("new.cfg").exists()
    assert made(keep_anchors=True).changes


def test_what_is_refused_before_anything_is_written() -> None:
    with pytest.raises(DarknetError, match="n.cfg: is the base itself"):
        made(out="n.cfg")
    with pytest.raises(OutputError, match="the folder gone does not exist"):
        made(out="gone/new.cfg")
    with pytest.raises(CfgError, match="70 is no multiple of the network's stride 16"):
        made(width=70)
    with pytest.raises(DarknetError, match="--advise is for detectors"):
        made("darknet19", advise=True)
    assert not Path("new.cfg").exists()


def test_an_older_file_is_replaced_whole() -> None:
    shutil.copy("n.cfg", "new.cfg")
    made()
    assert read_graph("new.cfg").head_classes == 3
