"""A server with several networks, a browser, and a page that is open in it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support.page_visit import BROWSERS, CFG, FLAGS, HOSTILE, ROOT, WEIGHTS, Visit, browser_path
from support.served import served

import darknet_py
from darknet_py.serve import app


def shapes(folder: Path, **changed: Any) -> darknet_py.Detector:
    """The shapes' network with another kind of NMS, another fork, ...; names: of its classes."""
    kind, beta = changed.pop("kind", "greedynms"), changed.pop("beta", 0.6)
    cfg = folder / f"{kind}.cfg"
    text = CFG.read_text().replace("nms_kind=greedynms", f"nms_kind={kind}")
    cfg.write_text(text.replace("beta_nms=0.6", f"beta_nms={beta}"))
    names = changed.pop("names", str(ROOT / "data" / "shapes.names"))
    return darknet_py.load(cfg, WEIGHTS, names, **changed)


@pytest.fixture(scope="module")
def detectors(tmp_path_factory: pytest.TempPathFactory) -> dict[str, darknet_py.Detector]:
    folder = tmp_path_factory.mktemp("networks")
    return {
        "shapes": shapes(folder),
        "default": shapes(folder, kind="default"),
        "diou": shapes(folder, kind="diounms", beta=0.3),
        "other fork": shapes(folder, fork="pjreddie"),
        "hostile": shapes(folder, names=[HOSTILE, *"bcdefgh"]),
    }


@pytest.fixture(scope="module")
def port(detectors: dict[str, darknet_py.Detector]) -> Iterator[int]:
    with served(app(detectors)) as port:
        yield port


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """Started once a file, not once a session: while it runs no test can have an event loop."""
    playwright = pytest.importorskip("playwright.sync_api")
    path = browser_path()
    if path is None:
        pytest.skip(f"there is no browser: none of {', '.join(BROWSERS)}")
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=path, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def visit(browser: Any, port: int) -> Iterator[Visit]:
    visit = Visit(browser, port)
    yield visit
    visit.close()
