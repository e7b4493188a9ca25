"""The boxes of a file's outputs are those our detector finds."""

from __future__ import annotations

import pytest
import torch
from support.golden_check import GOLDEN, loaded

from darknet_py.conversion.export_module import ExportModule
from darknet_py.conversion.export_target import ExportTarget
from darknet_py.conversion.formats import FORMS
from darknet_py.export.box_difference import box_difference
from darknet_py.export.box_rows import box_rows, detector_rows

NETS = ["yolov3", "yolov4_csp_newcoords", "gaussian_yolo", "region", "detection"]


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("name", NETS)
def test_box_rows(name: str, form: str) -> None:
    net = loaded(GOLDEN / name, "alexeyab")
    x = torch.rand(2, *net.graph.net.input, generator=torch.Generator().manual_seed(1))
    target = ExportTarget(form=form, thresh=0.45, nms=0.4)
    with torch.no_grad():
        ours = detector_rows(net.graph, target, net(x))
        theirs = box_rows(net.graph, target, list(ExportModule(net, target)(x)))
    difference = box_difference(ours, theirs, 0.45, 1e-4)
    assert difference.boxes == len(theirs) > 3 and not difference.unmatched
    assert set(ours[:, 0].tolist()) == {0, 1} and float(ours[:, 2].min()) > 0.45
