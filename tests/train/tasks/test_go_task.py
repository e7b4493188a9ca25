"""`go train` as a whole: what is learnt, files and lines of both programs."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support.outcome import kept_in, require_same, rows_of
from support.small_go import go_cfg, plain_row

import darknet_py.train.tasks.go_task as task
from darknet_py.errors import DarknetError, DataError
from darknet_py.options.training import GoTrainOptions
from darknet_py.train.command import run

COLUMNS, NUMBERS = "ABCDEFGHJKLMNOPQRST", range(2, 19)


def rows(said: bytes = b"") -> bytes:
    """The move is above the only stone, which a window of 3 x 3 can see from it."""
    names = [(letter, number) for letter in COLUMNS for number in NUMBERS]
    return b"".join(
        plain_row(f"{letter}{number + 1}", other=f"{letter}{number}", said=said)
        for letter, number in names
    )


def small_options(
    folder: Path, said: bytes = b"", net: dict[str, int] | None = None, **choices: Any
) -> GoTrainOptions:
    cfg = go_cfg(folder, **(net or {}))
    (folder / "go.train").write_bytes(rows(said))
    defaults: dict[str, Any] = {
        "device": "cpu",
        "data": str(folder / "go.train"),
        "backup": str(folder / "backup"),
        "results": str(folder / "results.csv"),
        "log_style": "plain",
    }
    return GoTrainOptions(cfg=str(cfg), **defaults | choices)


def test_the_loss_falls(tmp_path: Path) -> None:
    run(small_options(tmp_path, net={"max_batches": 60}))
    losses = [float(row["loss"]) for row in rows_of(tmp_path)]
    # The mean of the losses of [softmax] and [cost]: of one of 361, then of one of 4.
    assert losses[0] == pytest.approx((np.log(361) + 1) / 2, rel=0.1)
    assert losses[-1] == pytest.approx((np.log(4) + 0.75) / 2, rel=0.4)


def test_ten_and_ten_are_twenty_bit_for_bit(tmp_path: Path) -> None:
    whole, halves = (small_options(tmp_path / name) for name in ("whole", "halves"))
    assert run(whole) == 0
    assert run(replace(halves, iterations=10)) == 0
    assert run(replace(halves, resume=True, seed=99)) == 0
    require_same(tmp_path / "whole", tmp_path / "halves")


@pytest.mark.parametrize(("fork", "last"), [("alexeyab", 100), ("pjreddie", 1000)])
def test_what_a_run_keeps(
    tmp_path: Path, fork: str, last: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """323 moves are a pass of 40 updates; the last weights are also kept under their number."""
    assert task.LAST[fork == "pjreddie"] == last and task.COPIES == 10_000
    monkeypatch.setattr(task, "COPIES", 30)
    said = b"11" if fork == "pjreddie" else b""
    run(small_options(tmp_path, said, {"max_batches": 82}, fork=fork))
    assert kept_in(tmp_path) == {
        *("small.backup", "small.weights", "small_last.state"),
        *("small_1.weights", "small_2.weights", "small_30.backup", "small_60.backup"),
    }


def test_alexeyabs_lines(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    net = {"max_batches": 2, "subdivisions": 2}
    run(small_options(tmp_path, net=net, log_style="darknet"))
    lines = capsys.readouterr().out.splitlines()
    start = lines.index("small")
    assert lines[start + 1].startswith("mini_batch = 4, batch = 8, ")
    assert lines[start + 2 : start + 4] == ["Learning Rate: 0.5, Momentum: 0.9, Decay: 0", "323"]
    number = r"\d+\.\d{6}"
    pattern = (
        rf"(\d), (\d\.\d{{3}}): ({number}), ({number}) avg, 0\.500000 rate, {number} seconds, "
        r"(\d+) images"
    )
    found = [match.groups() for match in (re.fullmatch(pattern, line) for line in lines) if match]
    assert [(first, epochs, images) for first, epochs, _, _, images in found] == [
        ("0", "0.012", "4"),
        ("1", "0.025", "8"),
        ("1", "0.037", "12"),
        ("2", "0.050", "16"),
    ]
    losses, averages = ([float(one[column]) for one in found] for column in (2, 3))
    assert averages[1] == pytest.approx(0.95 * losses[0] + 0.05 * losses[1], abs=2e-6)


def test_pjreddies_lines(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    net = {"max_batches": 1, "subdivisions": 2, "channels": 3}
    run(small_options(tmp_path, b"10", net, fork="pjreddie", log_style="darknet"))
    lines = capsys.readouterr().out.splitlines()
    learning = lines.index("Learning Rate: 0.5, Momentum: 0.9, Decay: 0")
    assert lines[:2] == ["small", "1"]
    assert lines[learning + 1 : learning + 3] == ["323", "Moves: 323"]
    loaded, update = lines[learning + 3 :][:2]
    assert re.fullmatch(r"Loaded: \d\.\d{6} seconds", loaded)
    assert re.match(r"1, 0\.025: \d", update) and update.endswith(" seconds, 8 images")


def test_what_cannot_be_learnt(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    options = small_options(tmp_path)
    with pytest.raises(DataError, match="none: no such file; name the moves with -file"):
        run(replace(options, data=str(tmp_path / "none")))
    with pytest.raises(DarknetError, match="do not say who moves"):
        run(small_options(tmp_path, net={"channels": 3}))
    assert not (tmp_path / "backup").exists()
    with pytest.raises(DarknetError, match="gives 77 values, expected 361"):
        run(small_options(tmp_path, net={"outputs": 77}))


def test_rows_that_hold_no_move_are_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    options = small_options(tmp_path, net={"max_batches": 1})
    Path(options.data).write_bytes(b"\xff" * 94 + rows())
    run(options)
    out = capsys.readouterr().out
    assert "warning: " in out and "1 of 324 rows hold no move, the first: 1" in out
    assert "323 moves of " in out
