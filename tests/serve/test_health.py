"""Is it alive, is it ready."""

from __future__ import annotations

import dataclasses
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.routing import Mount
from support.served import served

import darknet_py
from darknet_py.detect.workers import TimedEngine
from darknet_py.options.serving import ServerOptions
from darknet_py.serve import app
from darknet_py.serve.health import blank_image, not_ready, warm_up
from darknet_py.serve.query import Query
from darknet_py.serve.refusal import Refusal
from darknet_py.serve.service import ServedModel, Service

ROOT = Path(__file__).resolve().parents[2]
FIRST = "network shapes has not answered its first image yet"


@pytest.fixture(scope="module")
def detector() -> darknet_py.Detector:
    return darknet_py.load(ROOT / "cfg" / "shapes.cfg", ROOT / "data" / "shapes.weights")


@pytest.fixture
def service(detector: darknet_py.Detector) -> Iterator[Service]:
    service = Service({"shapes": detector}, ServerOptions())
    yield service
    service.close()


class Breaking:
    """Instead of an engine's calls: fails as long as `broken`, and waits for `gate`."""

    def __init__(self, engine: Any) -> None:
        self.engine, self.broken, self.gate, self.calls = engine, False, threading.Event(), 0
        self.gate.set()

    def __getattr__(self, name: str) -> Any:
        return getattr(self.engine, name)

    def __call__(self, x: Any) -> Any:
        self.calls += 1
        self.gate.wait()
        if self.broken:
            raise RuntimeError("the network fails")
        return self.engine(x)


@pytest.fixture
def breaking(detector: darknet_py.Detector, monkeypatch: pytest.MonkeyPatch) -> Iterator[Breaking]:
    made: Any = Breaking(detector.engine)
    monkeypatch.setattr(detector, "engine", made)
    monkeypatch.setattr(detector, "_timed_engine", TimedEngine(made))
    yield made
    made.gate.set()


def ready_answer(port: int, path: str = "/readyz") -> tuple[int, dict[str, Any]]:
    answer = httpx.get(f"http://127.0.0.1:{port}{path}")
    return answer.status_code, answer.json()


def wait_for(port: int, status: int, word: str = "") -> dict[str, Any]:
    for _ in range(3000):
        code, content = ready_answer(port)
        if code == status and word in str(content):
            return content
        time.sleep(0.01)
    raise AssertionError(f"{code}, {content}")


def test_it_is_alive(detector: darknet_py.Detector) -> None:
    with served(app(detector, token="secret")) as port:
        answer = httpx.get(f"http://127.0.0.1:{port}/healthz")
        assert (answer.status_code, answer.text) == (200, "ok")
        assert httpx.head(f"http://127.0.0.1:{port}/healthz").status_code == 200
        assert wait_for(port, 200) == {"ready": True, "reasons": []}


def test_the_port_answers_before_the_network_does(
    detector: darknet_py.Detector, breaking: Breaking
) -> None:
    breaking.gate.clear()
    with served(app(detector)) as port:
        assert ready_answer(port) == (503, {"ready": False, "reasons": [FIRST]})
        assert httpx.get(f"http://127.0.0.1:{port}/healthz").text == "ok"
        breaking.gate.set()
        wait_for(port, 200)
        assert breaking.calls == 1  # however often /readyz was asked


def test_no_request_pays_for_the_first_image(
    detector: darknet_py.Detector, breaking: Breaking
) -> None:
    """The blank image has been through the network before anybody sent one."""
    with served(app(detector)) as port:
        assert httpx.get(f"http://127.0.0.1:{port}/healthz").status_code == 200
        for _ in range(3000):  # nobody asks for anything
            if breaking.calls:
                break
            time.sleep(0.01)
        assert breaking.calls == 1
        assert wait_for(port, 200)["ready"] and breaking.calls == 1


def test_a_network_that_fails_is_not_ready_until_it_answers_again(
    detector: darknet_py.Detector, breaking: Breaking
) -> None:
    breaking.broken = True
    with served(app(detector)) as port:
        reason = wait_for(port, 503, "failed")["reasons"][0]
        assert reason.startswith("network shapes failed at its last images (")
        assert reason.endswith("): RuntimeError: the network fails")
        breaking.broken = False
        assert wait_for(port, 200)["ready"]  # it is tried again when somebody asks


def test_an_application_that_is_mounted_gets_ready_when_asked(
    detector: darknet_py.Detector,
) -> None:
    """Starlette does not run the lifespan of what is mounted."""
    ours = app(detector)
    outer = Starlette(routes=[Mount("/boxes", ours)])
    outer.state.service = ours.state.service
    with served(outer) as port:
        assert ready_answer(port, "/boxes/readyz") == (503, {"ready": False, "reasons": [FIRST]})
        ours.state.service.close()  # what was taken is finished
    assert ours.state.service.readiness.troubles() == {}


class Full:
    """A batcher that takes nothing."""

    waiting, at_work = ServerOptions().queue - 1, 1

    def submit(self, data: bytes, query: Query) -> None:
        raise Refusal(503, "full")

    def close(self) -> None: ...


def test_what_is_not_ready(service: Service) -> None:
    assert not_ready(service) == [FIRST]
    model = service.first
    service.submit(model, blank_image(), service.query).result()
    assert not_ready(service) == []
    service.models["shapes"] = ServedModel("shapes", model.detector, Full())  # type: ignore[arg-type]
    assert not_ready(service) == ["the queue of network shapes is full"]
    service.models["shapes"] = model
    service.close()
    assert not_ready(service) == ["the server is stopping"]


def test_nothing_is_tried_any_more_when_it_stops(service: Service) -> None:
    service.close()
    warm_up(service)
    assert service.readiness.begin_trial("shapes")


def test_a_full_queue_is_tried_again_later(service: Service) -> None:
    model = service.first
    service.models["shapes"] = ServedModel("shapes", model.detector, Full())  # type: ignore[arg-type]
    warm_up(service)
    assert service.readiness.begin_trial("shapes")
    service.models["shapes"] = model


def test_programs_are_made_before_the_first_image(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of engines that make one for each size of a batch."""
    model = service.first
    config = dataclasses.replace(model.detector.engine.config, compiled=True)
    monkeypatch.setattr(model.detector.engine, "config", config)
    before: list[list[str]] = []
    monkeypatch.setattr(model.batcher, "prepare", lambda: before.append(not_ready(service)))
    warm_up(service)
    end = time.monotonic() + 60
    while not_ready(service) and time.monotonic() < end:
        time.sleep(0.01)
    assert before == [[FIRST]] and not_ready(service) == []
