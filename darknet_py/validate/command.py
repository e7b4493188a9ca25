"""`darknet-py check` on data sets: their reports, and a page of faulty images."""

from __future__ import annotations

import json
import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from darknet_py.cfg.datafile import DataFile, read_data_file
from darknet_py.errors import DarknetError, Location, OutputError, Problems
from darknet_py.files import encoded, replacing
from darknet_py.images.draw import save_image
from darknet_py.network.check import CheckResult, count_line
from darknet_py.network.graph import Graph, read_graph
from darknet_py.options.datasets import CheckOptions
from darknet_py.progress import follow
from darknet_py.validate import report_text
from darknet_py.validate.dataset_report import DatasetReport, inspect_dataset
from darknet_py.validate.faulty_page import draw_page
from darknet_py.validate.inspection import LabelRules
from darknet_py.validate.issues import Issue, Issues

logger = logging.getLogger(__name__)

REPORT_SUFFIXES = (".txt", ".json")
PAGE_SUFFIXES = (".jpg", ".jpeg", ".png", ".webp")


@dataclass(frozen=True)
class DataCheckResult:
    """What the light check found, and the reports on the data sets."""

    light_check: CheckResult
    reports: tuple[DatasetReport, ...]
    shown: int

    @property
    def errors(self) -> int:
        return self.light_check.errors + self._total("error")

    @property
    def warnings(self) -> int:
        return self.light_check.warnings + self._total("warning")

    def _total(self, level: str) -> int:
        return sum(report.issues.total(level) for report in self.reports)

    def text(self, everything: bool = False) -> str:
        """Notices, tables and issues, then OK, or how many errors and warnings there are."""
        shown, rows = (None, None) if everything else (self.shown, report_text.CLASS_ROWS)
        parts = ["\n".join(map(str, self.light_check.notices))]
        parts += [report_text.text(report, shown, rows) for report in self.reports]
        parts.append(count_line(self.errors, self.warnings))
        text = "\n\n".join(part for part in parts if part)
        # A path that is no UTF-8 cannot be printed as it is.
        return text.encode(errors="backslashreplace").decode()

    def to_json(self) -> str:
        """What a light check gives, and `data`: a list with one report for each data set."""
        values = json.loads(self.light_check.to_json())
        values |= {"ok": not self.errors, "errors": self.errors, "warnings": self.warnings}
        values["data"] = [report_text.values(report) for report in self.reports]
        return json.dumps(values, indent=1)


def check_data_sets(
    pairs: Sequence[tuple[str, str | None]], light_check: CheckResult, options: CheckOptions
) -> DataCheckResult:
    """Inspect each .data file, by the size and classes of its cfg if there is one; write the files.

    Raises OutputError when the report or the page cannot be written.
    """
    _require_writable(options.report, REPORT_SUFFIXES)
    _require_writable(options.page, PAGE_SUFFIXES)
    reports = tuple(
        # What is wrong with its lines has been said by the light check.
        _inspected(read_data_file(path, Problems()), _graph(cfg, options), options)
        for path, cfg in pairs
    )
    result = DataCheckResult(light_check, reports, options.findings)
    if options.report:
        _write_report(Path(options.report), result)
        logger.info("%s: the whole report", options.report)
    if options.page:
        _write_page(options.page, reports)
    return result


def _write_page(path: str, reports: Sequence[DatasetReport]) -> None:
    page = draw_page(reports)
    if page is None:
        logger.info("%s: not written: no image has a fault", path)
        return
    save_image(path, page, 90)
    logger.info("%s: the images with faults", path)


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


def _graph(cfg: str | None, options: CheckOptions) -> Graph | None:
    """The network; None also for a cfg whose errors the light check has said."""
    if cfg is None:
        return None
    problems = Problems(collect=True)
    size = {"width": options.width, "height": options.height}
    try:
        graph = read_graph(cfg, **size, fork=options.fork_in_force, problems=problems)
    except DarknetError:
        return None
    return None if problems.errors else graph


def _inspected(data: DataFile, graph: Graph | None, options: CheckOptions) -> DatasetReport:
    issues = Issues(strict=options.strict)
    rules = _label_rules(data, graph, options)
    written = data.integer("classes", 0)
    if written and rules.classes != written:
        message = f"read {written}, but the network has {rules.classes}"
        issues.add([Issue("other-classes", Location(data.path, key="classes"), message)])
    return inspect_dataset(data, rules, issues, not options.quick, options.workers, follow)


def _label_rules(data: DataFile, graph: Graph | None, options: CheckOptions) -> LabelRules:
    fork = options.fork_in_force
    rules = LabelRules(
        data.integer("classes", 0), options.width or 0, options.height or 0, fork=fork
    )
    if graph is None or not graph.detection_heads:
        return rules
    head = graph.detection_heads[-1]
    return replace(
        rules,
        classes=head.classes,
        width=graph.net.width,
        height=graph.net.height,
        most_labels=head.most_labels(fork),
    )


def _write_report(path: Path, result: DataCheckResult) -> None:
    is_json = path.suffix.lower() == ".json"
    content = result.to_json() if is_json else result.text(everything=True)
    with replacing(path) as file:
        file.write(encoded(f"{content}\n"))
