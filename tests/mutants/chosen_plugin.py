"""A pytest plugin that runs the tests of a file of node ids, in its order, up to the first failure.

$MUTANTS_TESTS names the file; the name of the test that failed is written to its sibling `failed`.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

CHOSEN = Path(os.environ["MUTANTS_TESTS"])


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    order = {test: place for place, test in enumerate(CHOSEN.read_text().splitlines())}
    left_out = [item for item in items if item.nodeid not in order]
    config.hook.pytest_deselected(items=left_out)
    items[:] = sorted(
        (item for item in items if item.nodeid in order), key=lambda item: order[item.nodeid]
    )


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    if report.failed:
        CHOSEN.with_name("failed").write_text(report.nodeid)
