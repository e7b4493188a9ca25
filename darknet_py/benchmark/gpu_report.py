"""The table of a GPU, as Markdown to read and as JSON to compute with."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from darknet_py.benchmark.gpu_rows import GpuRow
from darknet_py.benchmark.gpu_runs import GpuOutcome
from darknet_py.benchmark.machine import Machine
from darknet_py.files import encoded, replacing


@dataclass(frozen=True)
class GpuReport:
    """peaks: FLOP/s of a product of matrices by precision. rows: all that were planned; outcomes:
    those of the first of them, as far as the time went."""

    machine: Machine
    peaks: Mapping[str, float]
    rows: Sequence[GpuRow]
    outcomes: Sequence[GpuOutcome]

    @property
    def left_out(self) -> Sequence[GpuRow]:
        return self.rows[len(self.outcomes) :]

    def peak_share(self, outcome: GpuOutcome) -> float:
        """Of the matmul peak of its precision."""
        return outcome.flops * outcome.images_per_s / self.peaks[outcome.row.precision]

    def twin_ratio(self, outcome: GpuOutcome) -> float | None:
        """Its time by that of its bare twin; None where one of them is missing."""
        twin = next((other for other in self.outcomes if other.row == outcome.row.twin), None)
        if twin is None or twin.latency is None or outcome.latency is None:
            return None
        return outcome.latency.median_ms / twin.latency.median_ms

    def save(self, path: Path) -> None:
        """Write the JSON, and the Markdown beside it as .md; each appears whole or not at all."""
        text = json.dumps(self.to_json(), indent=1, allow_nan=False)
        for target, content in ((path, f"{text}\n"), (markdown_path(path), self.markdown())):
            with replacing(target) as file:
                file.write(encoded(content))

    def to_json(self) -> dict[str, Any]:
        """{machine, matmul_flops_per_s, rows, left_out}; what failed has an `error` and no times.

        left_out: rows that the time was too short for.
        """
        return {
            "machine": dataclasses.asdict(self.machine),
            "matmul_flops_per_s": dict(self.peaks),
            "rows": [self._row_json(outcome) for outcome in self.outcomes],
            "left_out": [_identity(row) for row in self.left_out],
        }

    def _row_json(self, outcome: GpuOutcome) -> dict[str, Any]:
        facts = _identity(outcome.row)
        if outcome.latency is None:
            return facts | {"error": outcome.error}
        return facts | {
            **dataclasses.asdict(outcome.latency),
            "images_per_s": outcome.images_per_s,
            "flops_per_s": outcome.flops * outcome.images_per_s,
            "peak_share": self.peak_share(outcome),
            "twin_ratio": self.twin_ratio(outcome),
            "memory_bytes": outcome.memory_bytes,
        }

    def markdown(self) -> str:
        return "\n".join([*self._head(), *self._table(), ""])

    def _head(self) -> Iterator[str]:
        machine = self.machine
        yield f"{machine.device}; {machine.cpu}, {machine.processors} processors; {machine.system}"
        yield ""
        yield f"darknet-py {machine.darknet_py}, torch {machine.torch}, python {machine.python}"
        yield ""
        peaks = (f"{name} {peak / 1e12:.1f}" for name, peak in self.peaks.items())
        yield f"A product of matrices at best, TFLOP/s: {', '.join(peaks)}"
        yield ""

    def _table(self) -> Iterator[str]:
        yield _line(column.title for column in COLUMNS)
        yield _line("---" for _ in COLUMNS)
        for outcome in self.outcomes:
            yield _line(column.text(self, outcome) for column in COLUMNS)
        if self.left_out:
            yield ""
            yield f"{len(self.left_out)} of {len(self.rows)} rows were left out: no time was left."


def _identity(row: GpuRow) -> dict[str, Any]:
    facts = dataclasses.asdict(row)
    return {**facts.pop("net"), **facts}


def markdown_path(path: Path) -> Path:
    return path.with_suffix(".md")


def _line(cells: Any) -> str:
    return f"| {' | '.join(cells)} |"


class GpuColumn(NamedTuple):
    title: str
    text: Callable[[GpuReport, GpuOutcome], str]


def _name(report: GpuReport, outcome: GpuOutcome) -> str:
    net = outcome.row.net
    return Path(net.cfg).stem + (f" {net.side}" if net.side else "")


def _latency(report: GpuReport, outcome: GpuOutcome) -> str:
    if outcome.latency is None:
        return outcome.error.replace("|", "/")
    return f"{outcome.latency.median_ms:.3f}"


def _if_measured(text: Callable[[GpuReport, GpuOutcome], str]) -> Any:
    return lambda report, outcome: text(report, outcome) if outcome.latency else ""


def _ratio(report: GpuReport, outcome: GpuOutcome) -> str:
    ratio = report.twin_ratio(outcome)
    return "" if ratio is None else f"{ratio:.2f}"


def _memory(report: GpuReport, outcome: GpuOutcome) -> str:
    return "" if outcome.memory_bytes is None else f"{outcome.memory_bytes / 2**20:.0f}"


COLUMNS = (
    GpuColumn("network", _name),
    GpuColumn("work", lambda _, outcome: outcome.row.work),
    GpuColumn("form", lambda _, outcome: outcome.row.form),
    GpuColumn("precision", lambda _, outcome: outcome.row.precision),
    GpuColumn("batch", lambda _, outcome: str(outcome.row.batch)),
    GpuColumn("median ms", _latency),
    GpuColumn("p90 ms", _if_measured(lambda _, o: f"{o.latency.p90_ms:.3f}" if o.latency else "")),
    GpuColumn("images/s", _if_measured(lambda _, outcome: f"{outcome.images_per_s:.1f}")),
    GpuColumn("of peak", _if_measured(lambda report, o: f"{report.peak_share(o):.0%}")),
    GpuColumn("x twin", _ratio),
    GpuColumn("MiB", _memory),
)
"""x twin: time by that of the bare network in plain PyTorch, started in the same way."""
