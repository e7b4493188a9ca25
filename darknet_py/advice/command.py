"""What `advise` does: reads a data set, and compares a cfg with what suits it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from darknet_py.advice.advice_notes import notes_on
from darknet_py.advice.advice_report import Advice, BaseFacts
from darknet_py.advice.advised_cfg import advised_changes, advised_parts
from darknet_py.advice.base_cfg import base_path, start_weights
from darknet_py.advice.base_choice import base_facts, chosen_base
from darknet_py.advice.facts import data_facts
from darknet_py.advice.input_size import sized_graph
from darknet_py.advice.measured_set import MeasuredSet, measure
from darknet_py.advice.size_chart import draw_sizes
from darknet_py.files import require_writable
from darknet_py.network.graph import Graph
from darknet_py.options.advising import AdviseOptions
from darknet_py.plots import require_image, require_matplotlib
from darknet_py.weights_registry.backbones import backbone_for


def advice(options: AdviseOptions) -> Advice:
    """All there is to say; draws the picture if one is asked for.

    Raises DarknetError for a data set without a usable label, and a cfg without anchors.
    """
    if options.show:
        require_matplotlib("--show")
        require_image(Path(options.show))
        require_writable(Path(options.show))
    measured = measure(options.data, options.fork_in_force)
    bases = [] if options.cfg else base_facts(measured, options)
    base = options.cfg or chosen_base(bases)
    graph, sized = sized_graph(base_path(base), measured, options)
    result = _advice(measured, graph, sized, options, base, bases)
    if options.show:
        net = sized.net
        boxes = measured.at(net.width, net.height, sized.letter_box)
        draw_sizes(Path(options.show), boxes, result.advised_objects)
    return result


def _advice(
    measured: MeasuredSet,
    graph: Graph,
    sized: Graph,
    options: AdviseOptions,
    base: str,
    bases: Sequence[BaseFacts],
) -> Advice:
    parts = advised_parts(measured, graph, sized, options)
    facts = data_facts(measured)
    changes = tuple(advised_changes(parts))
    as_it_is = not changes and not bases
    return Advice(
        data=facts,
        cfg=graph.path,
        base=base,
        objects=parts.before,
        advised_objects=parts.after,
        own_anchors=parts.own,
        new_anchors=parts.new,
        memory=parts.memory,
        changes=changes,
        notes=tuple(notes_on(facts, parts)),
        command=_training(options, graph) if as_it_is else tuple(_next(options, base)),
        bases=tuple(bases),
    )


def _training(options: AdviseOptions, graph: Graph) -> tuple[str, ...]:
    """The words that train with a cfg that needs no change."""
    start = start_weights(graph.path, backbone_for(graph))
    return ("darknet-py", "train", options.data, graph.path, *start)


def _next(options: AdviseOptions, base: str) -> Iterator[str]:
    """The words that make the cfg that is recommended, with what was asked for here."""
    yield from ("darknet-py", "new-cfg", "--base", base, "--data", options.data)
    given = {"--width": options.width, "--height": options.height, "--device": options.device}
    given |= {"-i": options.gpu, "--seed": options.seed or None}
    for word, value in given.items():
        if value is not None:
            yield from (word, str(value))
    yield from (*(["--nogpu"] if options.nogpu else []), "--advise", "-o", "my.cfg")
