"""Which layers program.cpp computes, which torch, and which sums are made where they arise."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import replace

from darknet_py.engines.eager import RuleContext
from darknet_py.engines.native import library as native
from darknet_py.engines.native.operations import RULES, Planned, ProgramOptions, Work
from darknet_py.engines.native.placement import Alias, Step, TorchStep

ADDING = (native.CONVOLUTION, native.WINOGRAD)
"""Kinds that add another layer's output as they store their own."""


def planned(
    contexts: Mapping[int, RuleContext], heads: Collection[int], options: ProgramOptions
) -> dict[int, Step | Planned]:
    """A step for each layer in its order; without the convolutions that a [shortcut] took over."""
    plan: dict[int, Step | Planned] = {}
    for index, ctx in contexts.items():
        rule = RULES.get(type(ctx.node.layer))
        made = rule(ctx, options) if rule else None
        plan[index] = TorchStep(ctx.node.inputs) if made is None else made
    readers = Counter(source for ctx in contexts.values() for source in ctx.node.inputs)
    alone = {index for index in contexts if readers[index] == 1 and index not in heads}
    for index in contexts:
        _take_over(plan, index, alone)
    return plan


def _take_over(plan: dict[int, Step | Planned], index: int, alone: Collection[int]) -> None:
    """A sum right behind a convolution that nobody else reads becomes a part of it."""
    adding = plan[index]
    if not isinstance(adding, Work) or adding.kind != native.ADD or not _linear(adding):
        return
    source, other = adding.reads
    passed = []
    while source in alone and _is_same(plan.get(source)):
        passed.append(source)
        (source,) = plan[source].reads
    made = plan.get(source)
    if isinstance(made, Work) and made.kind in ADDING and source in alone:
        numbers = {**made.numbers, "summand": 1}
        plan[index] = replace(made, reads=(*made.reads, other), numbers=numbers)
        for index in (source, *passed):
            del plan[index]


def _is_same(step: Step | Planned | None) -> bool:
    """Whether it passes on what it reads, as [dropout] does."""
    return isinstance(step, Alias) and step.whole


def _linear(work: Work) -> bool:
    activation = work.numbers["activation"]
    return bool(activation.kind == native.BOUNDED and activation.slope == 1)
