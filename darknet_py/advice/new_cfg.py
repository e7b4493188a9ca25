"""`new-cfg`: writes a cfg for a data set, and says which of its lines are others."""

from __future__ import annotations

import logging
import shlex
from dataclasses import dataclass, replace
from pathlib import Path

from darknet_py.advice.advised_cfg import advised_choices, advised_parts
from darknet_py.advice.anchor_advice import new_anchors
from darknet_py.advice.base_cfg import base_path, require_other, start_weights
from darknet_py.advice.cfg_choices import CfgChoices, edited_cfg
from darknet_py.advice.device_memory import MemoryFit, memory_fit
from darknet_py.advice.input_size import sized_graph
from darknet_py.advice.measured_set import MeasuredSet, classes_of, data_names, measure
from darknet_py.advice.schedule import batches_for, usual_batch
from darknet_py.anchors.cfg_anchors import heads_of, rebuilt
from darknet_py.anchors.kmeans import Sizes
from darknet_py.cfg.datafile import read_data_file
from darknet_py.cfg.edited_text import OptionChange
from darknet_py.errors import DarknetError, Notice, Problems
from darknet_py.files import encoded, replacing, require_writable
from darknet_py.network.check import check_graph
from darknet_py.network.graph import Graph, read_graph
from darknet_py.options.advising import NewCfgOptions
from darknet_py.weights_registry.backbones import backbone_for

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class NewCfg:
    """A cfg that was written: what changed, what `check` says of it, how it is trained.

    memory: what a step of its training takes; None where subdivisions= was given. notices: what
    `check` has to warn of. command: the words of the next step.
    """

    path: str
    base: str
    changes: tuple[OptionChange, ...]
    memory: MemoryFit | None
    notices: tuple[Notice, ...]
    command: tuple[str, ...]

    def text(self) -> str:
        """A line for each change, what there is to say of the new cfg, and the next command."""
        lines = [f"{self.path}: made from {self.base}, {len(self.changes)} lines differ"]
        lines += map(change_line, self.changes)
        lines += [self.memory.text()] if self.memory else []
        lines += map(str, self.notices)
        lines += [] if self.notices else ["check: OK"]
        return "\n".join([*lines, f"next: {shlex.join(self.command)}"])


def change_line(change: OptionChange) -> str:
    """`line 12: [net] batch=1 -> 64`."""
    old = "not written" if change.old is None else f"{change.key}={change.old}"
    start = f"  line {change.new_line}: [{change.section}] "
    return f"{start}{old} -> {change.key}={change.new}"


def write_new_cfg(options: NewCfgOptions) -> NewCfg:
    """Write the cfg of `options.out`; raises DarknetError before anything is written."""
    require_writable(Path(options.out))
    path = base_path(options.base)
    require_other(options.out, path)
    size = {"width": options.width, "height": options.height}
    graph = read_graph(path, **size, fork=options.fork_in_force, problems=Problems())
    make = _for_detector if graph.detection_heads else _for_classifier
    graph, choices, memory = make(graph, options)
    edited = edited_cfg(graph, choices)
    problems = Problems()
    new = rebuilt(edited.text, replace(graph, path=options.out), problems)
    check_graph(new, problems)
    with replacing(Path(options.out)) as file:
        file.write(encoded(edited.text))
    word = ("train",) if new.detection_heads else ("classifier", "train")
    start = start_weights(options.base, backbone_for(graph))
    return NewCfg(
        path=options.out,
        base=path,
        changes=tuple(edited.changes),
        memory=memory,
        notices=tuple(notice for notice in problems.notices if notice.level != "note"),
        command=("darknet-py", *word, options.data, options.out, *start),
    )


Choice = tuple[Graph, CfgChoices, MemoryFit | None]
"""The graph at the size of the input that is chosen, what else is, and the memory for it."""


def _for_detector(graph: Graph, options: NewCfgOptions) -> Choice:
    measured = measure(options.data, options.fork_in_force)
    if measured.beyond:
        message = "%s: %d labels are of a class beyond classes=%d; `darknet-py check` names them"
        logger.warning(message, options.data, measured.beyond, measured.classes)
    if options.advise:
        _, sized = sized_graph(graph.path, measured, options)
        choices = advised_choices(advised_parts(measured, graph, sized, options))
        if options.keep_anchors:
            choices = replace(choices, anchors=None)
        return _with_batch(sized, choices, options)
    batches = batches_for(measured.classes, measured.images)
    choices = CfgChoices(measured.classes, _anchors(measured, graph, options), max_batches=batches)
    return _with_batch(graph, choices, options)


def _anchors(measured: MeasuredSet, graph: Graph, options: NewCfgOptions) -> Sizes | None:
    """None where they stay, or where the heads have none, as those of YOLOv1."""
    if options.keep_anchors or not all(head.ANCHOR_UNIT for head in graph.detection_heads):
        return None
    boxes = measured.at(graph.net.width, graph.net.height, graph.letter_box)
    return new_anchors(boxes, heads_of(graph), options.seed)


def _for_classifier(graph: Graph, options: NewCfgOptions) -> Choice:
    """How long it is trained is left as it is: nobody has a rule for that."""
    data = read_data_file(options.data)
    if options.advise:
        raise DarknetError("--advise is for detectors; this cfg ends in no detection head")
    return _with_batch(graph, CfgChoices(classes_of(data, data_names(data))), options)


def _with_batch(graph: Graph, choices: CfgChoices, options: NewCfgOptions) -> Choice:
    """A batch of 64 where the base has one that is too small to learn from."""
    batch = options.batch or usual_batch(graph.net.batch)
    if options.subdivisions:
        return graph, replace(choices, batch=batch, subdivisions=options.subdivisions), None
    memory = memory_fit(graph, batch, options.chosen_device)
    return graph, replace(choices, batch=batch, subdivisions=memory.subdivisions), memory
