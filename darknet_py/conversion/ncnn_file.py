"""A network as ncnn's files, written from the graph: no tracer sees it.

What goes through a tracer and ncnn's own converter stops at grouped routes and at pooling that
reaches further on one side; from the graph both are one layer.
"""

from __future__ import annotations

import json
from collections.abc import Sequence

from darknet_py.conversion.export_target import (
    ExportTarget,
    layer_name,
    needed_steps,
    require,
    taken_layers,
)
from darknet_py.conversion.formats import FORMATS, FORMS
from darknet_py.conversion.metadata import metadata
from darknet_py.conversion.ncnn_heads import boxes_output, head_output
from darknet_py.conversion.ncnn_layers import WRITERS
from darknet_py.conversion.ncnn_program import NcnnProgram
from darknet_py.conversion.ncnn_site import LayerSite
from darknet_py.errors import DarknetError
from darknet_py.layers.base import INPUT
from darknet_py.network.graph import Step
from darknet_py.network.network import Network

INPUT_NAME = "images"


def to_ncnn(
    network: Network, target: ExportTarget | None = None, names: Sequence[str] = ()
) -> dict[str, bytes]:
    """The .param, .bin and .json (metadata) files by their endings, float32.

    Input `images` (C, H, W), RGB in [0, 1]; the outputs are those of to_onnx without their first
    axis. Raises DarknetError, with the layer and the reason, for what is not written for ncnn.
    """
    target = target or ExportTarget()
    _require(network, target)
    inference = network if network.folded else network.for_inference()
    program = _program(inference, target)
    param, weights = program.files()
    words = json.dumps(metadata(network.graph, target, names), indent=1)
    return {".param": param, ".bin": weights, ".json": words.encode()}


def _require(network: Network, target: ExportTarget) -> None:
    require(network.graph, target)
    row = FORMATS["ncnn"]
    if reason := row.unfit.get(target.form):
        raise DarknetError(f"form {target.form}: {reason}")
    if target.batch > 1 or target.dynamic_batch or target.dynamic_size:
        raise DarknetError(f"{network.graph.path}: {row.one_image}")


def _program(network: Network, target: ExportTarget) -> NcnnProgram:
    graph, program = network.graph, NcnnProgram()
    net, taken = graph.net, taken_layers(graph, target.form)
    program.name("Input", (), INPUT_NAME, {0: net.width, 1: net.height, 2: net.channels})
    blobs, boxes = {INPUT: INPUT_NAME}, list[LayerSite]()
    for step in needed_steps(graph, taken):
        program.prefix = layer_name(graph, step.index)
        site = _site(network, program, step, blobs)
        if FORMS[target.form].outputs and step.index in taken:
            boxes.append(site)
        else:
            blobs[step.index] = _written(site)
    if boxes:
        boxes_output(boxes, FORMS[target.form].outputs[0])
    else:
        for index in taken:
            program.name("Noop", (blobs[index],), layer_name(graph, index))
    return program


def _site(network: Network, program: NcnnProgram, step: Step, blobs: dict[int, str]) -> LayerSite:
    inputs = tuple(blobs[source] for source in step.inputs)
    weights, out = network.used(step.index), network.graph.nodes[step.index].out
    return LayerSite(program, step.layer, step.context, inputs, weights, out)


def _written(site: LayerSite) -> str:
    if site.layer.HEAD:
        return head_output(site)
    if type(site.layer) not in WRITERS:
        site.refuse("this kind")
    return WRITERS[type(site.layer)](site)
