"""The curves of a training, from its rows and from its updates."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from support.one_update import UPDATE

from darknet_py.train.logs.metric_loggers import CsvLogger
from darknet_py.train.logs.progress_log import SYMBOLS, Update
from darknet_py.train.logs.results_table import columns
from darknet_py.train.logs.run_curves import RunCurves

HEADS = ("yolo_1/iou", "yolo_1/boxes")


def updates() -> list[Update]:
    return [
        replace(
            UPDATE,
            number=number,
            images=64 * number,
            loss=100.0 / number,
            seconds=1.5,
            waited=0.5,
            evaluated=number in (2, 4),
            map=0.5 - number / 10,
            heads={"yolo_1/iou": number / 10, "yolo_1/boxes": 3.0},
        )
        for number in range(1, 5)
    ]


def test_speed_and_waiting() -> None:
    curves = RunCurves(columns(heads=HEADS))
    for update in updates():
        curves.add_update(update)
    assert curves.iterations.tolist() == [1, 2, 3, 4]
    assert curves.speed.tolist() == [32] * 4
    assert curves.wait_share.tolist() == [0.25] * 4
    assert (curves.mean_speed, curves.hours) == (32, 8 / 3600)
    assert curves.measured == [(2, 0.3), (4, pytest.approx(0.1))]
    assert curves.best == (2, 0.3)
    assert curves.values.mean("yolo_1/iou").tolist() == [0.1, 0.2, 0.3, 0.4]
    last = {"iteration": 4, "loss": 25, "avg_loss": 4.5, "rate": 0.00025, "images": 256}
    assert curves.last == last


def test_a_file_has_the_same_curves(tmp_path: Path) -> None:
    """A run that is resumed goes on with them."""
    path = tmp_path / "results.csv"
    table = CsvLogger(path, (), 500, 20, heads=HEADS)
    table.open(0)
    live = RunCurves(columns(heads=HEADS))
    for update in updates():
        table.add(update)
        live.add_update(update)
    read = RunCurves.read(path)
    for name in live.values.names:
        assert read.values.mean(name).tolist() == pytest.approx(live.values.mean(name), rel=1e-4)
    assert [at for at, _ in read.measured] == [at for at, _ in live.measured] == [2, 4]
    assert [one for _, one in read.measured] == pytest.approx([one for _, one in live.measured])
    assert read.last == pytest.approx(live.last)


def test_of_a_run_that_goes_on_the_first_row_has_no_speed() -> None:
    """Its images are those of the runs before as well."""
    curves = RunCurves(columns())
    assert curves.best is None and curves.mean_speed == 0
    for update in updates()[2:]:
        curves.add_update(update)
    assert np.isnan(curves.speed[0]) and curves.speed[1] == 32
    # Nor has a row that was written for an evaluation that was still to be made.
    curves.add_update(replace(UPDATE, number=5, images=320, seconds=0.0, waited=0.0))
    assert np.isnan(curves.speed[2]) and curves.mean_speed == 32


def test_names_of_what_is_counted_and_measured() -> None:
    curves = RunCurves(columns(SYMBOLS, "top5"))
    assert (curves.things, curves.metric) == ("symbols", "top5")
    assert RunCurves(columns()).metric == "mAP"
