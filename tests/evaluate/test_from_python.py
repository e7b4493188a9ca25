"""`darknet_py.evaluate`: what `map` measures, from Python."""

from __future__ import annotations

import json
import logging
import threading
from pathlib import Path
from typing import Any

import pytest
from support.labelled import data_set

import darknet_py
from darknet_py.cli.main import execute
from darknet_py.errors import DarknetError, DataError
from darknet_py.evaluate.map_result import MapResult

FILES = ("n.cfg", "n.weights")


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.chdir(tmp_path)
    return str(data_set(tmp_path))


def timeless(values: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if name != "seconds"}


OTHERWISE = {"coco": True, "thresh": 0.1, "iou_thresh": 0.6, "points": 11}


@pytest.mark.parametrize("words", [{}, OTHERWISE])
def test_all_is_as_the_command_writes_it(
    data: str, words: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    flags = [f"--{name}" if value is True else f"--{name}={value}" for name, value in words.items()]
    assert execute(["map", data, *FILES, "-nogpu", "-out", "o.json", *flags]) == 0
    expected = timeless(json.loads(Path("o.json").read_text()))
    assert ("coco" in expected) == bool(words)
    in_force = expected["computed_with"] | {"thresh": expected["thresh"]}
    assert [in_force[name] for name in words if name != "coco"] == [*words.values()][1:]
    capsys.readouterr()
    detector = darknet_py.load(*FILES)
    by_files = darknet_py.evaluate(FILES, data, nogpu=True, **words)
    for result in (darknet_py.evaluate(detector, data, **words), by_files):
        assert timeless(json.loads(json.dumps(result.to_dict()))) == expected
    assert capsys.readouterr() == ("", "")


def test_a_dict_names_and_progress(data: str) -> None:
    done: list[tuple[int, int]] = []
    given = {"valid": "valid.txt", "names": ["x", "y", "z"]}
    result = darknet_py.evaluate(
        darknet_py.load(*FILES), given, batch=1, callback=lambda n, of: done.append((n, of))
    )
    assert [row.name for row in result.classes] == ["x", "y", "z"]
    assert done == [(1, 2), (2, 2)]
    assert result.map == darknet_py.evaluate(FILES, data).map > 0
    first = f"MapResult(mAP@0.50 {result.map:.4f}, 3 classes, 2 images; above 0.25: precision "
    assert repr(result).startswith(first)


def test_what_a_callback_raises_ends_it(data: str) -> None:
    def fail(done: int, total: int) -> None:
        raise ValueError("enough")

    with pytest.raises(ValueError, match="enough"):
        darknet_py.evaluate(FILES, data, callback=fail)


def test_files_are_written_and_told(data: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "darknet_py")
    darknet_py.evaluate(FILES, data, out=Path("o.csv"), worst=(1, "worst"))
    assert Path("o.csv").read_text().startswith("class_id,name,ap,")
    assert len(list(Path("worst").iterdir())) == 1
    assert "o.csv: the metrics of 3 classes" in caplog.messages


def test_it_runs_in_a_thread_and_again(data: str) -> None:
    detector, results = darknet_py.load(*FILES), list[MapResult]()
    threads = [
        threading.Thread(target=lambda: results.append(darknet_py.evaluate(detector, data)))
        for _ in range(2)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results[0].map == results[1].map > 0


def test_what_is_refused(data: str) -> None:
    detector = darknet_py.load(*FILES)
    with pytest.raises(DarknetError, match="^precision: a Detector has its own since"):
        darknet_py.evaluate(detector, data, precision="bf16")
    with pytest.raises(DarknetError, match="^detector is of type Network, expected a Detec"):
        darknet_py.evaluate(darknet_py.Network.from_cfg("n.cfg"), data)  # type: ignore[arg-type]
    with pytest.raises(DarknetError, match="^detector is 3 in part, expected a Detector"):
        darknet_py.evaluate(("n.cfg", 3), data)  # type: ignore[arg-type]
    with pytest.raises(DarknetError, match="^n.cfg: has no weights"):
        darknet_py.evaluate("n.cfg", data)
    with pytest.raises(DarknetError, match="the folder gone does not exist"):
        darknet_py.evaluate(detector, data, out="gone/o.json")
    with pytest.raises(DataError, match="^data: unknown key 'valld'.*did you mean 'valid'"):
        darknet_py.evaluate(detector, {"valld": "valid.txt"})


def test_a_classifier_is_named(data: str, tmp_path: Path) -> None:
    text = Path("n.cfg").read_text().split("[yolo]")[0] + "[avgpool]\n[softmax]\n"
    (tmp_path / "c.cfg").write_text(text)
    with pytest.raises(DarknetError, match=r"no detection head, it ends in \[softmax\]"):
        darknet_py.evaluate(("c.cfg", "n.weights"), data)
