"""How long is waited, and which parts are of use."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.weights_server import serving

from darknet_py.web_request import RequestFailure
from darknet_py.weights_registry import transfer as module
from darknet_py.weights_registry.part_file import PartFile, Source
from darknet_py.weights_registry.patience import Patience
from darknet_py.weights_registry.registry import RegistryFile
from darknet_py.weights_registry.transfer import complete, transfer


def test_pauses_grow_and_end() -> None:
    patience = Patience(pause=1, longest_pause=10)
    pauses = [patience.pause_before(fruitless, 0) for fruitless in range(6)]
    assert pauses == [1, 1, 2, 4, 8, 10]
    assert patience.pause_before(1, asked=7) == 7
    assert patience.pause_before(1, asked=3600) == 10


def test_the_pauses_of_a_busy_server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    waited: list[float] = []
    monkeypatch.setattr(module.time, "sleep", waited.append)
    with serving(b"0", statuses=[503] * 9, headers={"Retry-After": "5"}) as site:
        file = RegistryFile("a", (site.url,), (1,))
        with pytest.raises(RequestFailure, match="503"):
            transfer(site.url, file, PartFile(tmp_path / "a.part"), Patience(tries=4, pause=2))
        assert len(site.asked) == 4
    assert [seconds for seconds in waited if seconds != 0.02] == [5, 5, 8]


def test_the_pace_is_measured_in_windows() -> None:
    now = iter([0.0, 5.0, 10.0, 15.0, 21.0, 31.0])
    pace = module._Pace(Patience(slowest=100, window=10), lambda: next(now))
    pace.add(1)  # 5 s
    pace.add(1200)  # 10 s, and a new window from the next look on, at 15 s
    pace.add(1)  # 21 s
    with pytest.raises(RequestFailure, match="sends 0 bytes a second") as caught:
        pace.add(1)  # 31 s
    assert caught.value.again


def test_what_is_complete(tmp_path: Path) -> None:
    file = RegistryFile("a", ("https://a/b",), (6, 10))
    part = PartFile(tmp_path / "a.part")
    assert not complete(part, file)
    part.add(b"123456")
    assert complete(part, file)
    part.begin(Source("https://a/b", "", 10))
    assert not complete(part, file)
    part.add(b"7890")
    assert complete(part, file)
