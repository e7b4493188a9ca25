"""`darknet-py check` on data sets: surveys, their report, and a page of faulty images."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from darknet_py.cfg.datafile import DataFile, read_data_file
from darknet_py.errors import DarknetError, Location, OutputError, Problems
from darknet_py.files import replacing
from darknet_py.forks import fork_named
from darknet_py.images.draw import save_image
from darknet_py.network.check import CheckResult, count_line
from darknet_py.network.graph import Graph, read_graph
from darknet_py.options.datasets import CheckOptions
from darknet_py.progress import follow
from darknet_py.validate import report_text
from darknet_py.validate.dataset_report import Survey, survey
from darknet_py.validate.faulty_page import draw_page
from darknet_py.validate.inspection import Frame
from darknet_py.validate.issues import Finding, Findings

REPORT_SUFFIXES = (".txt", ".json")
PAGE_SUFFIXES = (".jpg", ".jpeg", ".png", ".webp")


@dataclass(frozen=True)
class Outcome:
    """The light check's verdict and the surveys of the data sets."""

    verdict: CheckResult
    surveys: tuple[Survey, ...]
    shown: int

    @property
    def errors(self) -> int:
        return self.verdict.errors + self._total("error")

    @property
    def warnings(self) -> int:
        return self.verdict.warnings + self._total("warning")

    def _total(self, level: str) -> int:
        return sum(survey.findings.total(level) for survey in self.surveys)

    def text(self, everything: bool = False) -> str:
        """Notices, tables and findings, then OK, or how many errors and warnings there are."""
        shown, rows = (None, None) if everything else (self.shown, report_text.CLASS_ROWS)
        parts = ["\n".join(map(str, self.verdict.notices))]
        parts += [report_text.text(survey, shown, rows) for survey in self.surveys]
        parts.append(count_line(self.errors, self.warnings))
        found = "\n\n".join(part for part in parts if part)
        # A path that is no UTF-8 cannot be printed as it is.
        return found.encode(errors="backslashreplace").decode()

    def to_json(self) -> str:
        """What a light check gives, and `data`: a list with one survey for each data set."""
        found = json.loads(self.verdict.to_json())
        found |= {"ok": not self.errors, "errors": self.errors, "warnings": self.warnings}
        found["data"] = [report_text.values(survey) for survey in self.surveys]
        return json.dumps(found, indent=1)


def check_data_sets(
    pairs: Sequence[tuple[str, str | None]], verdict: CheckResult, checkup: CheckOptions
) -> Outcome:
    """Survey each .data file, by the size and classes of its cfg if there is one; write the files.

    Raises OutputError when the report or the page cannot be written.
    """
    _require_writable(checkup.report, REPORT_SUFFIXES)
    _require_writable(checkup.page, PAGE_SUFFIXES)
    surveys = tuple(
        _survey(read_data_file(path), _graph(cfg, checkup), checkup) for path, cfg in pairs
    )
    outcome = Outcome(verdict, surveys, checkup.findings)
    if checkup.report:
        _write_report(Path(checkup.report), outcome)
    if checkup.page:
        save_image(checkup.page, draw_page(surveys), 90)
    return outcome


def _require_writable(file: str | None, suffixes: Sequence[str]) -> None:
    """Said before a long run, not after it."""
    if file is None:
        return
    path = Path(file)
    if path.suffix.lower() not in suffixes:
        raise OutputError(
            f"{file}: unknown suffix '{path.suffix}', known are {', '.join(suffixes)}"
        )
    if not path.parent.is_dir():
        raise OutputError(f"{file}: cannot be written: there is no folder {path.parent}")


def _graph(cfg: str | None, checkup: CheckOptions) -> Graph | None:
    """The network; None also for a cfg whose errors the light check has said."""
    if cfg is None:
        return None
    problems = Problems(collect=True)
    size = {"width": checkup.width, "height": checkup.height}
    try:
        graph = read_graph(cfg, **size, fork=checkup.fork, problems=problems)
    except DarknetError:
        return None
    return None if problems.errors else graph


def _survey(data: DataFile, graph: Graph | None, checkup: CheckOptions) -> Survey:
    findings = Findings(strict=checkup.strict)
    frame = _frame(data, graph, checkup)
    written = data.integer("classes", 0)
    if written and frame.classes != written:
        message = f"read {written}, but the network has {frame.classes}"
        findings.add([Finding("other-classes", Location(data.path, key="classes"), message)])
    return survey(data, frame, findings, not checkup.quick, checkup.workers, follow)


def _frame(data: DataFile, graph: Graph | None, checkup: CheckOptions) -> Frame:
    fork = fork_named(checkup.fork)
    frame = Frame(data.integer("classes", 0), checkup.width or 0, checkup.height or 0, fork=fork)
    if graph is None or not graph.detection_heads:
        return frame
    head = graph.detection_heads[-1]
    return replace(
        frame,
        classes=head.classes,
        width=graph.net.width,
        height=graph.net.height,
        most=head.most_labels(fork),
    )


def _write_report(path: Path, outcome: Outcome) -> None:
    is_json = path.suffix.lower() == ".json"
    content = outcome.to_json() if is_json else outcome.text(everything=True)
    with replacing(path) as file:
        file.write(f"{content}\n".encode())
