"""The ranges are those of the values in fp32, image by image."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from support import tiny_detector

from darknet_py.calibrate.value_ranges import value_ranges
from darknet_py.conversion.onnx_file import INPUT_NAME, to_onnx
from darknet_py.errors import DarknetError, DataError
from darknet_py.images.fitted_images import FittedImage
from darknet_py.images.frames import Frame
from darknet_py.images.letterbox import Placement
from darknet_py.network.load import load_model
from darknet_py.network.network import Network, load_planned

pytest.importorskip("onnxruntime")
pytest.importorskip("onnx")


def network(folder: Path) -> Network:
    model = load_model(*map(str, tiny_detector.files(folder)))
    return load_planned(model.graph, model.plan)[0]


def image(net: Network, value: float) -> FittedImage:
    size = net.graph.net
    chw = np.full(net.graph.net.input, value, np.float32)
    placement = Placement(size.width, size.height, size.width, size.height, False)
    return FittedImage(Frame("", 0, None, (size.width, size.height), None), chw, placement)


def test_ranges_of_all_images_together(tmp_path: Path) -> None:
    net = network(tmp_path)
    data = to_onnx(net)
    images = [image(net, 0.25), image(net, 0.75)]
    known = {name: (low, high) for name, low, high in value_ranges(data, images)}
    assert known[INPUT_NAME] == (0.25, 0.75)
    alone = [{name: (low, high) for name, low, high in value_ranges(data, [one])} for one in images]
    assert len(known) == 2
    for name, (low, high) in known.items():
        assert low == min(one[name][0] for one in alone)
        assert high == max(one[name][1] for one in alone)


def test_a_network_of_which_nothing_is_rounded(tmp_path: Path) -> None:
    cfg = tmp_path / "n.cfg"
    first, last = tiny_detector.CFG.index("[conv"), tiny_detector.CFG.rindex("[conv")
    cfg.write_text((tiny_detector.CFG[:first] + tiny_detector.CFG[last:]).format(channels=3))
    net = Network.from_cfg(cfg, seed=1)
    with pytest.raises(DarknetError, match=r"n\.cfg: has no convolution that int8 rounds; take an"):
        value_ranges(to_onnx(net), [image(net, 0.5)], str(cfg))


def test_values_that_are_not_finite(tmp_path: Path) -> None:
    net = network(tmp_path)
    with pytest.raises(DataError, match="values of the network are not finite on these images"):
        value_ranges(to_onnx(net), [image(net, float("nan"))])
    with pytest.raises(DataError, match="not finite"):
        value_ranges(to_onnx(net), [])
