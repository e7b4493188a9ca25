"""Everything wrong with a cfg and its weights, and with .data files, listed at once."""

from __future__ import annotations

import dataclasses
import json
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from darknet_py.errors import CfgError, DarknetError, Location, Notice, Problems
from darknet_py.forks import Fork
from darknet_py.network import weights_layout
from darknet_py.network.check_data import StrPath, check_data, notice_of, suffix_of
from darknet_py.network.graph import Graph, read_graph
from darknet_py.network.not_trained import not_trained_here
from darknet_py.network.sequence_parts import sequence_notices
from darknet_py.network.summary import net_stride

IMAGE_CHANNELS = (1, 3, 4)


def check(
    cfg_path: StrPath,
    weights_path: StrPath | None = None,
    fork: str | Fork = "alexeyab",
    strict: bool = False,
    width: int | None = None,
    height: int | None = None,
) -> list[Notice]:
    """All notices on a cfg and, if given, on the .weights file for it; a bad file never raises.

    strict turns warnings into errors; width and height (pixels) replace those of [net].
    """
    problems = Problems(strict=strict, collect=True)
    try:
        graph = read_graph(cfg_path, width=width, height=height, fork=fork, problems=problems)
        check_graph(graph, problems)
        if weights_path is not None:
            _check_weights(graph, weights_path, problems)
    except DarknetError as error:
        problems.notices.append(notice_of(error, Location(os.fspath(weights_path or cfg_path))))
    return problems.notices


def _check_sizes(graph: Graph, problems: Problems) -> None:
    """Detection heads divide the image into cells of `stride` pixels."""
    if not graph.detection_heads or graph.net.input.h == 1:
        return
    stride = net_stride(graph)
    for key, value in (("width", graph.net.width), ("height", graph.net.height)):
        if value % stride:
            below, above = value // stride * stride, (value // stride + 1) * stride
            nearest = f"{below} and {above}" if below else f"{above}"
            message = f"{value} is no multiple of the network's stride {stride}; nearest: {nearest}"
            problems.fail(CfgError(message, graph.net.section.location(key)))


def _check_classes(graph: Graph, problems: Problems) -> None:
    """The heads of one network share one list of names."""
    heads = graph.detection_heads
    for head in heads[1:]:
        if head.classes != heads[0].classes:
            first = f"line {heads[0].location('classes').line} says {heads[0].classes}"
            problems.warn(head.location("classes"), f"read {head.classes}, but {first}")


def _check_batch(graph: Graph, problems: Problems) -> None:
    """Training runs batch/subdivisions images at a time, a C integer."""
    batch, parts = graph.net.batch, graph.net.subdivisions
    location = graph.net.section.location("batch")
    if batch < parts:
        message = f"batch={batch} is less than subdivisions={parts}: no image would be trained"
        problems.warn(location, message)
    elif batch % parts:
        used = batch // parts * parts
        message = f"batch={batch} is no multiple of subdivisions={parts}: Darknet trains on {used}"
        problems.warn(location, message)


def _check_channels(graph: Graph, problems: Problems) -> None:
    """C reads beyond an image's memory where the network has other channels than the image."""
    net = graph.net
    if net.width and net.height and net.channels not in IMAGE_CHANNELS:
        message = f"read {net.channels}: images have 1 (grey), 3 or 4 (with alpha) channels"
        problems.warn(net.section.location("channels"), f"{message}, so none fits; arrays may")


def _check_training(graph: Graph, problems: Problems) -> None:
    for notice in (*not_trained_here(graph), *sequence_notices(graph)):
        problems.warn(notice.location, notice.message)


RULES: tuple[Callable[[Graph, Problems], None], ...] = (
    _check_sizes,
    _check_classes,
    _check_batch,
    _check_channels,
    _check_training,
)


def check_graph(graph: Graph, problems: Problems) -> None:
    """All that can be said of a cfg that could be read; raises CfgError, or collects."""
    for rule in RULES:
        rule(graph, problems)


def _check_weights(graph: Graph, path: StrPath, problems: Problems) -> None:
    location = Location(os.fspath(path))
    if problems.errors:
        # Sizes of a cfg with errors would only lead to a second, misleading message.
        weights_layout.plan(graph, path, cutoff=0)
        problems.note(location, "not compared with the cfg, which has errors")
        return
    plan = weights_layout.plan(graph, path)
    if plan.partial:
        count = len(graph.nodes)
        message = (
            f"covers the layers before {plan.covered} of {count}; the others keep a random start"
        )
        problems.note(location, message)
    for note in weights_layout.notes_on(graph, plan):
        problems.note(location, note)
    _check_values(graph, plan, problems)


def _check_values(graph: Graph, plan: weights_layout.Layout, problems: Problems) -> None:
    from darknet_py.network.weights_values import faults

    location = Location(plan.path)
    for fault in faults(graph, plan):
        if fault.level == "error":
            problems.fail(CfgError(str(fault), location))
        else:
            problems.warn(location, str(fault))


@dataclass(frozen=True)
class CheckResult:
    """The notices on some files, counted."""

    notices: tuple[Notice, ...]

    @property
    def errors(self) -> int:
        return sum(notice.level == "error" for notice in self.notices)

    @property
    def warnings(self) -> int:
        return sum(notice.level == "warning" for notice in self.notices)

    def text(self) -> str:
        """One notice a line, then OK, or how many errors and warnings there are."""
        return "\n".join([*map(str, self.notices), count_line(self.errors, self.warnings)])

    def to_json(self) -> str:
        """{ok, errors, warnings, notices: [{level, file, line, section, key, message}]}."""
        notices = [
            {"level": notice.level, **_location_fields(notice.location), "message": notice.message}
            for notice in self.notices
        ]
        counts = {"ok": not self.errors, "errors": self.errors, "warnings": self.warnings}
        return json.dumps(counts | {"notices": notices}, indent=1)


def count_line(errors: int, warnings: int) -> str:
    """The last line of a check: OK, or how many errors and warnings there are."""
    if errors:
        return f"{_count(errors, 'error')}, {_count(warnings, 'warning')}"
    return f"OK, {_count(warnings, 'warning')}" if warnings else "OK"


def _count(number: int, word: str) -> str:
    return f"{number} {word}" if number == 1 else f"{number} {word}s"


def _location_fields(location: Location) -> dict[str, object]:
    values = dataclasses.asdict(location)
    return {"file": values.pop("path"), **values}


def check_files(
    paths: Sequence[StrPath],
    fork: str | Fork = "alexeyab",
    strict: bool = False,
    width: int | None = None,
    height: int | None = None,
) -> CheckResult:
    """Check cfg and .data files; any other path is the .weights file of the cfg before it."""
    notices: list[Notice] = []
    for path, weights in _paired([os.fspath(path) for path in paths]):
        if suffix_of(path) == ".data":
            notices += check_data(path, strict)
        else:
            notices += check(path, weights, fork, strict, width, height)
    return CheckResult(tuple(notices))


def _paired(paths: Sequence[str]) -> list[tuple[str, str | None]]:
    """(cfg or .data file, weights) in the order written; weights stand behind their cfg."""
    pairs: list[tuple[str, str | None]] = []
    for path in paths:
        alone = bool(pairs) and pairs[-1][1] is None and suffix_of(pairs[-1][0]) != ".data"
        if alone and suffix_of(path) not in (".cfg", ".data"):
            pairs[-1] = (pairs[-1][0], path)
        else:
            pairs.append((path, None))
    return pairs
