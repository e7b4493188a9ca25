"""`darknet_py.train`: the command's training, watched from Python."""

from __future__ import annotations

import csv
import logging
import signal
import subprocess
import sys
import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support.outcome import rows_of
from support.small_detector import small_options

import darknet_py
from darknet_py.cfg.datafile import read_data_file
from darknet_py.cli.main import execute
from darknet_py.errors import CfgError, DarknetError, WeightsError
from darknet_py.train.logs.progress_log import Update
from darknet_py.train.tasks import detection_task
from darknet_py.train.train_result import TrainResult


def files(folder: Path, **choices: Any) -> tuple[str, str]:
    options = small_options(folder, **choices)
    return options.data, options.cfg


def trained(folder: Path, max_batches: int = 3, net: str = "", **words: Any) -> TrainResult:
    data, cfg = files(folder, max_batches=max_batches, net=net)
    words = {"device": "cpu", "workers": 0, "results": folder / "results.csv"} | words
    return darknet_py.train(data, cfg, **words)


def test_the_weights_are_the_commands_byte_for_byte(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    data, cfg = files(tmp_path / "command", max_batches=3)
    words = ["-nogpu", "--workers", "0", "--seed", "7", "-map"]
    assert execute(["detector", "train", data, cfg, *words]) == 0
    capsys.readouterr()
    updates: list[Update] = []
    caplog.set_level(logging.INFO, "darknet_py")
    result = trained(tmp_path / "python", seed=7, evaluates=True, callback=updates.append)
    assert capsys.readouterr() == ("", "")
    assert any("batch 8/2, 3 iterations from 0" in line for line in caplog.messages)
    for word in ("final", "best", "last"):
        theirs = tmp_path / "command" / "backup" / f"small_{word}.weights"
        path = getattr(result, word)
        assert path == tmp_path / "python" / "backup" / f"small_{word}.weights"
        assert path.read_bytes() == theirs.read_bytes()
    rows = rows_of(tmp_path / "python")
    assert [f"{one.loss:.6g}" for one in updates] == [row["loss"] for row in rows]
    assert [f"{one.average:.6g}" for one in updates] == [row["avg_loss"] for row in rows]
    counts = [(one.number, one.of, one.images) for one in updates]
    assert counts == [(1, 3, 8), (2, 3, 16), (3, 3, 24)]
    measured = [one.measured for one in updates]
    assert measured[:2] == [None, None] and f"{measured[2]:.6f}" == rows[2]["map"]


def test_what_a_training_tells_at_its_end(tmp_path: Path) -> None:
    result = trained(tmp_path, evaluates=True)
    with result.results.open(newline="") as file:
        losses = [float(row["loss"]) for row in csv.DictReader(file)]
    assert result.losses.shape == (3,) and np.allclose(result.losses, losses, rtol=1e-5)
    assert (result.stopped, result.iterations, result.of) == ("end", 3, 3)
    ((number, value),) = result.map_history
    assert number == 3 and result.best_map == value >= 0
    assert result.chart.is_file() and result.state.is_file() and result.ema is None
    assert result.weights == result.best


def test_false_ends_it_after_that_update_and_it_goes_on_from_there(tmp_path: Path) -> None:
    whole = trained(tmp_path / "whole", max_batches=4)
    half = trained(tmp_path / "half", 4, callback=lambda update: update.number < 2)
    assert (half.stopped, half.iterations, half.final) == ("callback", 2, None)
    assert half.weights == half.last == tmp_path / "half" / "backup" / "small_last.weights"
    rest = trained(tmp_path / "half", 4, resume=True)
    assert (rest.stopped, len(rest.losses)) == ("end", 2)
    assert whole.final and rest.final
    assert whole.final.read_bytes() == rest.final.read_bytes()
    assert np.array_equal(whole.losses, [*half.losses, *rest.losses])


def test_a_signal_ends_it_as_the_command(tmp_path: Path) -> None:
    result = trained(tmp_path, callback=lambda update: signal.raise_signal(signal.SIGTERM))
    assert (result.stopped, result.iterations) == ("SIGTERM", 1)
    assert result.last and result.state.is_file()


def test_iterations_end_this_run(tmp_path: Path) -> None:
    result = trained(tmp_path, iterations=1, callback=lambda update: None)
    assert (result.stopped, result.iterations, result.of) == ("iterations", 1, 3)


@pytest.mark.parametrize("failure", [ValueError("mine"), OSError("mine")])
def test_what_a_callback_raises_comes_when_all_is_saved(tmp_path: Path, failure: Exception) -> None:
    def fail(update: Update) -> None:
        raise failure

    with pytest.raises(type(failure), match="^mine$") as raised:
        trained(tmp_path, callback=fail)
    assert raised.value is failure
    assert len(rows_of(tmp_path)) == 1
    assert (tmp_path / "backup" / "small_last.state").is_file()


def test_it_trains_in_a_thread_and_again(tmp_path: Path) -> None:
    """Where no handler of signals can be installed."""
    results: list[TrainResult] = []
    for name in ("first", "second"):
        thread = threading.Thread(target=lambda name=name: results.append(trained(tmp_path / name)))
        thread.start()
        thread.join()
    first, second = results
    assert first.final and second.final
    assert first.final.read_bytes() == second.final.read_bytes()


def test_a_detector_with_the_best_weights(tmp_path: Path) -> None:
    result = trained(tmp_path, width=64, height=96)
    detector = result.detector()
    assert detector.weights == str(result.final)
    assert (detector.graph.net.width, detector.graph.net.height) == (64, 96)
    assert detector.names[:2] == ["circle", "square"]


def test_no_weights_no_detector(tmp_path: Path) -> None:
    result = replace(trained(tmp_path, 1), final=None, last=None)
    with pytest.raises(WeightsError, match="nothing has been trained yet"):
        result.detector()


def test_data_as_a_dict(tmp_path: Path) -> None:
    by_file = trained(tmp_path / "file")
    own = {"backup": tmp_path / "dict", "names": list("abcdefgh")}
    data = darknet_data(tmp_path / "file") | own
    words: dict[str, Any] = {"device": "cpu", "workers": 0}
    by_dict = darknet_py.train(data, tmp_path / "file" / "small.cfg", **words)
    assert by_file.final and by_dict.final == tmp_path / "dict" / "small_final.weights"
    assert by_file.final.read_bytes() == by_dict.final.read_bytes()
    assert by_dict.detector().names == list("abcdefgh")


def darknet_data(folder: Path) -> dict[str, Any]:
    options = read_data_file(folder / "small.data").options
    return {"train": options["train"], "valid": options["valid"]}


def test_what_cannot_be_is_an_error_before_anything_is_written(tmp_path: Path) -> None:
    with pytest.raises(DarknetError, match="^workers is -1, expected a number from 0 to 1024$"):
        trained(tmp_path / "a", workers=-1)
    with pytest.raises(TypeError, match=r"train\(\) got .* 'map'; it is called 'evaluates' here"):
        trained(tmp_path / "b", map=True)
    with pytest.raises(DarknetError, match="^data is 3, expected a .data file, a folder"):
        darknet_py.train(3, "a.cfg")  # type: ignore[arg-type]
    with pytest.raises(DarknetError, match="^cfg is None, expected a path or a network's name"):
        darknet_py.train(files(tmp_path / "c")[0], None)  # type: ignore[arg-type]
    with pytest.raises(CfgError, match="gone.cfg"):
        darknet_py.train(files(tmp_path / "c")[0], tmp_path / "gone.cfg", device="cpu")
    with pytest.raises(DarknetError, match="did you mean 'yolov4-tiny'"):
        darknet_py.train(files(tmp_path / "c")[0], "yolov4-tinny")
    assert not any((tmp_path / name / "backup").exists() for name in "abc")


def test_no_bar_shows_how_far_the_cache_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError("a bar was drawn")

    monkeypatch.setattr(detection_task, "follow", refuse)
    assert trained(tmp_path, 1, cache=True).iterations == 1


@pytest.mark.slow
def test_a_script_needs_no_main(tmp_path: Path) -> None:
    """Processes that make samples do not run it once more."""
    data, cfg = files(tmp_path, max_batches=2)
    call = f"darknet_py.train({data!r}, {cfg!r}, device='cpu', workers=2)"
    script = tmp_path / "script.py"
    script.write_text(f"import darknet_py\nprint({call}.stopped)\n")
    done = subprocess.run([sys.executable, script], capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr) == ("end\n", "")
