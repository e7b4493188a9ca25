"""The libraries that run what `export` writes."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from support.export_run import NET, run

from darknet_py import Network
from darknet_py.conversion.export_target import ExportTarget
from darknet_py.conversion.torch_file import to_pt2, to_torchscript
from darknet_py.export.runtimes import RUNTIMES, ExportedFile

pytest.importorskip("onnx", reason="needs pip install onnx")
pytest.importorskip("onnxruntime", reason="needs pip install onnxruntime onnx")


def test_without_a_runtime(tmp_path: Path, image: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    result = run("export", *NET, image, "-o", tmp_path / "net.onnx")
    cure = "onnxruntime: onnxruntime is not installed; pip install onnxruntime"
    assert cure in result.output and result.exit_code == 1


@pytest.mark.filterwarnings("ignore:.torch.jit:DeprecationWarning")
@pytest.mark.parametrize(
    ("name", "make"),
    [("torchscript", lambda net, target: to_torchscript(net, target, ["a"])), ("pt2", to_pt2)],
)
def test_torchs_own_files_give_what_the_network_gives(
    tmp_path: Path, name: str, make: Callable[[Network, ExportTarget], bytes]
) -> None:
    net = Network.from_cfg(NET[0])
    net.load_weights(NET[1])
    (tmp_path / "net.pt").write_bytes(make(net, ExportTarget()))
    x = torch.rand(1, 3, net.graph.net.height, net.graph.net.width)
    outputs = RUNTIMES[name].open(ExportedFile(tmp_path / "net.pt", net.graph, ["a"]))(x.numpy())
    with torch.no_grad():
        for actual, expected in zip(outputs, net(x), strict=True):
            np.testing.assert_allclose(actual, expected.numpy(), rtol=1e-4, atol=1e-5)
