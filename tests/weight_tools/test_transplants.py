"""`oneoff` and `oneoff2`: which floats of the file land where."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import pytest
from support.raw_weights import conv, conv_rows, header, net, raw

from darknet_py.errors import DarknetError, WeightsError
from darknet_py.network.graph import read_graph
from darknet_py.weight_tools.edit import Edit
from darknet_py.weight_tools.transplants import last_filters, oneoff, oneoff2

REGION = "[region]\nanchors=1,1,2,2,3,3\nclasses={classes}\ncoords=4\nnum=3\n"
FIRST = conv_rows(2, 3, 3, True)


def detector(folder: Path, classes: int, options: str = "") -> Path:
    cfg = folder / "d.cfg"
    head = conv(3 * (5 + classes), options)
    first = conv(2, "batch_normalize=1\nsize=3\n", "leaky")
    cfg.write_text(net(first, head, REGION.format(classes=classes)))
    return cfg


def floats(path: Path, count: int, seed: int = 1) -> np.ndarray:
    values = np.random.default_rng(seed).uniform(0.5, 1, count).astype("<f4")
    path.write_bytes(struct.pack("<iiiQ", 0, 2, 0, 640) + values.tobytes())
    return values


def classifier(path: Path, classes: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Its first layer's floats, and biases and weights of its last."""
    before = 4 * 2 + 2 * 27
    values = floats(path, before + 3 * classes)
    rest = values[before:]
    return values[:before], rest[:classes], rest[classes:].reshape(classes, 2)


def saved(edit: Edit, folder: Path) -> Path:
    edit.save(folder / "out")
    return folder / "out"


@pytest.mark.parametrize("fork", ["alexeyab", "pjreddie"])
def test_classes_of_a_classifier_at_each_anchor(tmp_path: Path, fork: str) -> None:
    cfg, path = detector(tmp_path, 7), tmp_path / "c.weights"
    first, biases, weights = classifier(path, 6)
    graph = read_graph(cfg, fork=fork)
    edit = oneoff(graph, path)
    out = saved(edit, tmp_path)
    assert last_filters(graph) == 36
    assert edit.done == f"6 classes of {path} at each of the 3 anchors of layer 1"
    assert header(out) == (0, 2, {"alexeyab": 5, "pjreddie": 0}[fork], 0)
    assert np.array_equal(np.fromfile(out, "<f4", 62, offset=20), first)
    new = raw(out, FIRST, conv_rows(36, 2, 1, False))[1]
    thirds_b, thirds_w = new["biases"].reshape(3, 12), new["weights"].reshape(3, 12, 2)
    for anchor in range(3):
        assert np.array_equal(thirds_b[anchor, 5:11], biases)
        assert np.array_equal(thirds_w[anchor, 5:11], weights)
        assert np.array_equal(thirds_w[anchor], thirds_w[0]) and not thirds_b[anchor, :5].any()


def test_pjreddies_start_is_a_tenth(tmp_path: Path) -> None:
    """Of the random values that the file does not reach: the box of the first anchor."""
    cfg, path = detector(tmp_path, 7), tmp_path / "c.weights"
    classifier(path, 6)
    boxes = {}
    for fork in ("alexeyab", "pjreddie"):
        out = saved(oneoff(read_graph(cfg, fork=fork), path), tmp_path)
        boxes[fork] = raw(out, FIRST, conv_rows(36, 2, 1, False))[1]["weights"][:5]
    assert np.allclose(boxes["pjreddie"], boxes["alexeyab"] / 10) and boxes["pjreddie"].all()


def test_statistics_go_with_the_filters(tmp_path: Path) -> None:
    cfg, path = detector(tmp_path, 7, "batch_normalize=1\n"), tmp_path / "c.weights"
    values = floats(path, 62 + 6 * 6)[62:]
    out = saved(oneoff(read_graph(cfg), path), tmp_path)
    new = raw(out, FIRST, conv_rows(36, 2, 1, True))[1]
    for index, name in enumerate(("biases", "scales", "rolling_mean", "rolling_variance")):
        assert np.array_equal(new[name][17:23], values[6 * index : 6 * index + 6])


def test_flipped_filters_lie_in_columns(tmp_path: Path) -> None:
    cfg, path = detector(tmp_path, 7, "flipped=1\n"), tmp_path / "c.weights"
    _, _, weights = classifier(path, 6)
    edit = oneoff(read_graph(cfg), path)
    tensor = edit.own(1)["weights"].detach().numpy()[5:11].reshape(6, 2)
    assert np.array_equal(tensor, weights.reshape(2, 6).T)


@pytest.mark.parametrize(
    ("count", "message"),
    [
        (62 + 3 * 8, r"last convolution has 8 filters, .* holds 7 .*needs filters=39, 3 \* \(5"),
        (62 + 4, r"4 floats are left for layer 1, the last convolution; expected a multiple of 3"),
        (40, "0 floats are left"),
        (62, "0 floats are left"),
    ],
)
def test_files_that_do_not_fit(tmp_path: Path, count: int, message: str) -> None:
    floats(tmp_path / "c.weights", count)
    with pytest.raises(WeightsError, match=message):
        oneoff(read_graph(detector(tmp_path, 7)), tmp_path / "c.weights")


@pytest.mark.parametrize("sections", [[conv(2)], [conv(2), "[maxpool]\n", "[softmax]\n"]])
def test_cfgs_without_a_place(tmp_path: Path, sections: list[str]) -> None:
    cfg = tmp_path / "d.cfg"
    cfg.write_text(net(*sections))
    with pytest.raises(DarknetError, match=r"d.cfg: the last layer but one is no \[convol"):
        oneoff(read_graph(cfg), tmp_path / "c.weights")


TWICE = net(conv(3), conv(3), conv(3), conv(3))
ONE = conv_rows(3, 3, 1, False)


@pytest.fixture
def twice(tmp_path: Path) -> Path:
    cfg = tmp_path / "t.cfg"
    cfg.write_text(TWICE)
    return cfg


def test_a_file_at_two_layers(twice: Path, tmp_path: Path) -> None:
    values = floats(tmp_path / "w", 2 * 12).reshape(2, 12)
    edit = oneoff2(read_graph(twice, fork="pjreddie"), tmp_path / "w", 2)
    out = saved(edit, tmp_path)
    assert np.array_equal(np.fromfile(out, "<f4", offset=20).reshape(4, 12), values[[0, 1, 0, 1]])
    assert header(out) == (0, 2, 0, 0) and edit.notes == ()
    assert edit.done == f"{tmp_path / 'w'} from layer 0 on and again in layers 2 to 3"


def test_the_second_loading_is_the_one_that_stays(twice: Path, tmp_path: Path) -> None:
    values = floats(tmp_path / "w", 3 * 12).reshape(3, 12)
    edit = oneoff2(read_graph(twice), tmp_path / "w", 1)
    out = saved(edit, tmp_path)
    assert np.array_equal(np.fromfile(out, "<f4", offset=20).reshape(4, 12), values[[0, 0, 1, 2]])


def test_what_neither_reaches_is_random(twice: Path, tmp_path: Path) -> None:
    floats(tmp_path / "w", 12)
    edit = oneoff2(read_graph(twice), tmp_path / "w", 2)
    assert edit.notes == ("layers 1 and 3 of it are random",)


@pytest.mark.parametrize("layer", [-1, 4])
def test_a_layer_that_is_not_there(twice: Path, tmp_path: Path, layer: int) -> None:
    with pytest.raises(DarknetError, match=f"L is {layer}, expected 0 to 3"):
        oneoff2(read_graph(twice), tmp_path / "w", layer)


def test_a_file_that_does_not_fit_from_there(twice: Path, tmp_path: Path) -> None:
    floats(tmp_path / "w", 3 * 12)
    with pytest.raises(WeightsError, match="needs 24 floats, the file has 36: 12 too many"):
        oneoff2(read_graph(twice), tmp_path / "w", 2)
