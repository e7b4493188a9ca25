"""`new-cfg`: writes a cfg for a data set, and says what is different from the one it started as."""

from __future__ import annotations

import shlex
from dataclasses import dataclass, replace
from pathlib import Path

from darknet_py.advice.anchor_advice import new_anchors
from darknet_py.advice.base_cfg import base_path, require_other, start_weights
from darknet_py.advice.cfg_choices import CfgChoices, edited_cfg
from darknet_py.advice.device_memory import MemoryFit, memory_fit
from darknet_py.advice.measured_set import classes_of, data_names, measure
from darknet_py.advice.input_size import chosen_size
from darknet_py.advice.schedule import BATCH, LEAST_BATCH, batches_for, sided_names
from darknet_py.anchors.cfg_anchors import heads_of, rebuilt
from darknet_py.cfg.datafile import read_data_file
from darknet_py.cfg.edited_text import OptionChange
from darknet_py.errors import DarknetError, Notice, Problems
from darknet_py.files import encoded, replacing, require_writable
from darknet_py.network.check import check_graph
from darknet_py.network.graph import Graph, read_graph
from darknet_py.options.advising import NewCfgOptions
from darknet_py.weights_registry.backbones import backbone_for


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
    graph = _read(path, options.width, options.height, options)
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


def _read(path: str, width: int | None, height: int | None, options: NewCfgOptions) -> Graph:
    fork = options.fork_in_force
    return read_graph(path, width=width, height=height, fork=fork, problems=Problems())


Choice = tuple[Graph, CfgChoices, MemoryFit | None]
"""The graph at the size of the input that is chosen, and what else is."""


def _for_detector(graph: Graph, options: NewCfgOptions) -> Choice:
    measured = measure(options.data, options.fork_in_force)
    flip = None
    if options.advise:
        width, height = chosen_size(measured, graph, options.width, options.height)
        graph = _read(graph.path, width, height, options)
        flip = 0 if sided_names(measured.names) else None
    net = graph.net
    anchors = None
    if not options.keep_anchors and all(head.ANCHOR_UNIT for head in graph.detection_heads):
        boxes = measured.at(net.width, net.height, graph.letter_box)
        anchors = new_anchors(boxes, heads_of(graph), options.seed)
    max_batches = batches_for(measured.classes, measured.images)
    choices = CfgChoices(measured.classes, anchors, max_batches=max_batches, flip=flip)
    return _with_batch(graph, choices, options)


def _for_classifier(graph: Graph, options: NewCfgOptions) -> Choice:
    """How long it is trained is left as it is: nobody has a rule for that."""
    data = read_data_file(options.data)
    if options.advise:
        raise DarknetError("--advise is for detectors; this cfg ends in no detection head")
    return _with_batch(graph, CfgChoices(classes_of(data, data_names(data))), options)


def _with_batch(graph: Graph, choices: CfgChoices, options: NewCfgOptions) -> Choice:
    """A batch of 64 where the base has one that is too small to learn from."""
    batch = options.batch or (graph.net.batch if graph.net.batch >= LEAST_BATCH else BATCH)
    if options.subdivisions:
        return graph, replace(choices, batch=batch, subdivisions=options.subdivisions), None
    memory = memory_fit(graph, batch, options.chosen_device)
    return graph, replace(choices, batch=batch, subdivisions=memory.subdivisions), memory
