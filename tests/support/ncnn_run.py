"""A network written for ncnn and run by it, beside what the network itself gives."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch

from darknet_py.conversion.export_module import ExportModule
from darknet_py.conversion.export_target import ExportTarget, output_names
from darknet_py.conversion.ncnn_file import to_ncnn
from darknet_py.export.runtimes import RUNTIMES, ExportedFile
from darknet_py.network.network import Network


def largest_difference(net: Network, form: str, folder: Path) -> float:
    """Of two images' outputs, as a share of the largest magnitude (at least 1)."""
    target = ExportTarget(form=form)
    for suffix, data in to_ncnn(net, target).items():
        (folder / f"net{suffix}").write_bytes(data)
    names = output_names(net.graph, form)
    run = RUNTIMES["ncnn"].open(ExportedFile(folder / "net.param", net.graph, names))
    x = torch.rand(2, *net.graph.net.input, generator=torch.Generator().manual_seed(1)) * 2 - 0.5
    outputs, expected = run(x.numpy()), ExportModule(net, target)(x)
    assert [y.shape for y in outputs] == [tuple(y.shape) for y in expected]
    assert all(float(y.std()) > 0 for y in expected), "a network that gives nothing shows nothing"
    pairs = zip(outputs, (y.numpy() for y in expected), strict=True)
    return max(float(np.abs(a - b).max()) / max(1.0, float(np.abs(b).max())) for a, b in pairs)
