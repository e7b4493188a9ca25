"""The fastest engine: chosen by measurement, kept, said, used."""

from __future__ import annotations

import json
import logging
import pickle
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from support import fake_engine, tiny_detector

import darknet_py
from darknet_py.engines import auto_engine, cache
from darknet_py.engines.auto_engine import MOST_IMAGES, AutoEngine
from darknet_py.engines.engine import Engine, open_engine
from darknet_py.engines.race import Race
from darknet_py.engines.table import ENGINES, EngineConfig
from darknet_py.errors import DarknetError
from darknet_py.network.network import Network, load_network

SECONDS = {"torch": 0.005, "same": 0.002, "shifted": 0.001}
RACES: list[int] = []
"""How many images each measurement was of."""


class ScriptedRace(Race):
    """Opens and compares; the times are those of SECONDS."""

    def run(self, openers):  # type: ignore[no-untyped-def]
        RACES.append(len(self._x))
        return super().run(openers)

    def _turn(self, engine: Engine) -> float:
        return SECONDS[engine.config.engine]


@pytest.fixture(autouse=True)
def _races(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv(cache.FOLDER_VARIABLE, str(tmp_path / "kept"))
    monkeypatch.setattr(auto_engine, "Race", ScriptedRace)
    fake_engine.add_to_table(monkeypatch, "same", "shifted", "breaking")
    RACES.clear()
    yield


@pytest.fixture
def network(tmp_path: Path) -> Network:
    return load_network(*tiny_detector.files(tmp_path))[0]


def lines(caplog: pytest.LogCaptureFixture) -> list[str]:
    said = [r.getMessage() for r in caplog.records if r.name == "darknet_py.engines.auto_engine"]
    caplog.clear()
    return said


def opened(network: Network, **asked: object) -> AutoEngine:
    engine = open_engine(network, EngineConfig("auto", compiled=False, **asked))  # type: ignore[arg-type]
    assert isinstance(engine, AutoEngine)
    return engine


def test_the_fastest_right_one_is_said_kept_and_used(
    network: Network, caplog: pytest.LogCaptureFixture
) -> None:
    """What is wrong or breaks is counted and named; the next start measures nothing."""
    caplog.set_level(logging.INFO)
    engine = opened(network)
    first, line = lines(caplog)
    assert first == "engine auto: measuring torch, same, shifted, breaking, once ..."
    start, reasons, end = line.split("; ")
    assert (start, end) == ("engine auto: same 2.0 ms, torch 5.0 ms", "kept")
    assert reasons.startswith("2 left out: shifted (its output is ")
    assert reasons.endswith("), breaking (ArithmeticError: kernel lost)")
    x = torch.rand(1, *network.graph.net.input)
    fake_engine.CALLS.clear()
    with torch.no_grad():
        assert torch.equal(engine(x)[0], network.for_inference()(x)[0])
    assert [call[0] for call in fake_engine.CALLS] == ["same"]

    again = opened(network)
    assert lines(caplog) == [f"{start}; {reasons}; measured before"] and RACES == [1]
    assert torch.equal(again(x)[0], engine(x)[0])
    assert type(again.engine(1)) is fake_engine.Same


def test_what_it_depends_on(network: Network, monkeypatch: pytest.MonkeyPatch) -> None:
    opened(network)
    opened(network, threads=3)
    opened(network, threads=3)
    assert len(RACES) == 2
    opened(network, exact=True)
    with torch.no_grad():
        next(network.parameters()).add_(1)
    opened(network)
    opened(network)
    assert len(RACES) == 4
    monkeypatch.delitem(ENGINES, "breaking")
    opened(network)
    assert len(RACES) == 5


def test_other_sizes_of_a_batch(network: Network, caplog: pytest.LogCaptureFixture) -> None:
    """Measured when they come; rests of a batch go where the batch went, large ones too."""
    engine = opened(network)
    caplog.set_level(logging.INFO)
    engine.prepare(3)
    assert lines(caplog)[1].startswith("engine auto, batch 3: same 2.0 ms, torch 5.0 ms; ")
    for count in (2, 3, 1, 4, 64, 8, 3):
        x = torch.rand(count, *network.graph.net.input)
        with torch.no_grad():
            torch.testing.assert_close(engine(x)[0], network(x)[0], rtol=1e-4, atol=1e-5)
    assert RACES == [1, 3, MOST_IMAGES] and len(engine._engines) == 1


def test_it_looks_like_the_engine_it_chose(
    network: Network, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = opened(network)
    assert (engine.parallel, engine.layout) == (False, torch.channels_last)
    assert engine.config.engine == "auto"
    monkeypatch.setitem(SECONDS, "torch", 0.0001)
    monkeypatch.setattr(fake_engine.Same, "layout", torch.contiguous_format)
    torch_wins = opened(network, threads=7)
    assert torch_wins.parallel and torch_wins.layout == torch.channels_last


def test_a_choice_that_no_longer_opens_is_measured_again(
    network: Network, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened(network)

    def refuse(self: Engine, network: Network, config: EngineConfig) -> None:
        raise DarknetError("the license ended")

    monkeypatch.setattr(fake_engine.Same, "__init__", refuse)
    engine = opened(network)
    warning, line = lines(caplog)[0], lines(caplog)
    assert warning == "engine auto: same does not open now: the license ended; measuring"
    assert line == [] and engine.engine(1).config.engine == "torch" and RACES == [1, 1]
    (kept,) = (Path(cache.folder())).glob("*.json")
    assert json.loads(kept.read_text())["left_out"]["same"] == "the license ended"


def test_nothing_can_be_kept(
    network: Network,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    caplog.set_level(logging.INFO)
    (tmp_path / "file").write_text("")
    monkeypatch.setenv(cache.FOLDER_VARIABLE, str(tmp_path / "file" / "kept"))
    assert opened(network).engine(1).config.engine == "same"
    assert f"; not kept: {tmp_path}/file/kept: " in lines(caplog)[-1]


def test_a_copy_chooses_for_its_own_machine(network: Network) -> None:
    engine = opened(network)
    other = pickle.loads(pickle.dumps(engine))
    assert isinstance(other, AutoEngine) and other.config == engine.config
    assert RACES == [1], "this one is known"
    x = torch.rand(2, *network.graph.net.input)
    assert torch.equal(other(x)[0], engine(x)[0])


def test_a_detector_from_python(tmp_path: Path) -> None:
    made = darknet_py.load(*tiny_detector.files(tmp_path), names=["a", "b", "c"], engine="auto")
    plain = darknet_py.load(*tiny_detector.files(tmp_path), names=["a", "b", "c"])
    image = tiny_detector.noise_image()
    actual, expected = made(image, thresh=0.1), plain(image, thresh=0.1)
    assert len(actual) > 0 and actual.boxes.data == pytest.approx(expected.boxes.data, abs=1e-3)  # type: ignore[union-attr]
    assert "auto" in repr(made)


def test_torchs_own_refusal_is_raised(network: Network, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(DarknetError, match="unknown device 'gpu'"):
        opened(network, device="gpu")
