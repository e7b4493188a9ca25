"""What a detector says of itself."""

from __future__ import annotations

from pathlib import Path

from support.tiny_detector import files

import darknet_py


def test_it_names_network_input_classes_engine_and_weights(tmp_path: Path) -> None:
    cfg, weights = files(tmp_path)
    detector = darknet_py.load(cfg, weights, names=["a", "b", "c"])
    assert repr(detector) == (
        f"Detector({str(cfg)!r}, input 64 x 32 x 3, 3 classes, engine torch cpu fp32, "
        f"weights {str(weights)!r}, fork alexeyab)"
    )
    compiled = darknet_py.load(cfg, weights, fork="pjreddie", width=96, compiled=True)
    assert "input 96 x 32 x 3, 3 classes, engine torch cpu fp32 compiled, " in repr(compiled)
    assert repr(compiled).endswith("fork pjreddie)")
    network = darknet_py.Network.from_cfg(cfg)
    assert "weights of a Network" in str(darknet_py.Detector(network, ["a", "b", "c"]))
