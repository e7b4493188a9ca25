"""What the table of a GPU holds, the most telling rows first: it may have to end early."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product

INFERENCE, TRAINING = "inference", "training"
STEP, TWIN_STEP = "Trainer.step", "twin step"
TWINS = {
    "graphs": "twin graphs",
    "eager": "twin eager",
    "compiled": "twin graphs",
    STEP: TWIN_STEP,
}
"""Forms of ours (calls recorded as CUDA graphs; one by one; machine code) and what each is compared
with: the bare network in plain PyTorch, started in the same way."""
OTHER_LAYOUT = "twin graphs, other layout"


@dataclass(frozen=True)
class GpuNet:
    """cfg: a file, or the name of a shipped one. side: of the input; None leaves it to the cfg."""

    cfg: str
    side: int | None = None


@dataclass(frozen=True)
class GpuRow:
    """One measurement. work: inference or training; form: what does it, see TWINS."""

    net: GpuNet
    work: str
    form: str
    precision: str
    batch: int

    @property
    def twin(self) -> GpuRow | None:
        """The row it is compared with; None for a twin itself."""
        other = TWINS.get(self.form)
        return None if other is None else replace(self, form=other)


@dataclass(frozen=True)
class GpuPlan:
    """The values whose combinations are the rows, each with the turn it comes in: rows go by the
    sum of the turns of what they are made of. trained: rows that come after the first of these."""

    nets: Mapping[GpuNet, int]
    precisions: Mapping[str, int]
    batches: Mapping[int, int]
    forms: Mapping[str, int]
    trained: tuple[GpuRow, ...] = ()

    def rows(self) -> list[GpuRow]:
        parts = (self.nets, self.precisions, self.batches, self.forms)
        turns = [(AFTER_THE_FIRST, row) for row in self.trained]
        for net, precision, batch, form in product(*parts):
            turn = self.nets[net] + self.precisions[precision]
            turn += self.batches[batch] + self.forms[form]
            turns.append((turn, GpuRow(net, INFERENCE, form, precision, batch)))
        return [row for _, row in sorted(turns, key=lambda pair: pair[0])]


AFTER_THE_FIRST = 1
TRAINED = GpuNet("yolov4-tiny", 416)
NETS = {TRAINED: 0, GpuNet("yolov3", 416): 0, GpuNet("yolov3", 608): 2}
PRECISIONS = {"fp32": 0, "fp16": 0, "tf32": 1, "bf16": 1}
BATCHES = {1: 0, 64: 0, 8: 1}
FORMS = {
    "twin graphs": 0,
    "graphs": 0,
    "twin eager": 1,
    "eager": 1,
    OTHER_LAYOUT: 2,
    "compiled": 3,
}


def full_plan(own: GpuNet | None = None) -> GpuPlan:
    """own: a network of the user's, beside those of the table and before them."""
    nets = NETS if own is None else {own: 0} | NETS
    trained = training_rows(TRAINED, ("fp32", "fp16", "bf16"), 64)
    return GpuPlan(nets, PRECISIONS, BATCHES, FORMS, trained)


def training_rows(net: GpuNet, precisions: Sequence[str], batch: int) -> tuple[GpuRow, ...]:
    pairs = product(precisions, (TWIN_STEP, STEP))
    return tuple(GpuRow(net, TRAINING, form, precision, batch) for precision, form in pairs)
