"""Which rows a GPU's table has, and in what order."""

from __future__ import annotations

from darknet_py.benchmark.gpu_rows import (
    BATCHES,
    FORMS,
    NETS,
    PRECISIONS,
    STEP,
    TRAINED,
    TRAINING,
    TWIN_STEP,
    TWINS,
    GpuNet,
    GpuPlan,
    GpuRow,
    full_plan,
    training_rows,
)
from darknet_py.engines.table import RUN_PRECISIONS


def test_all_that_is_asked_for_is_among_them() -> None:
    rows = full_plan().rows()
    assert set(PRECISIONS) == set(RUN_PRECISIONS) and set(BATCHES) == {1, 8, 64}
    assert {(net.cfg, net.side) for net in NETS} == {
        ("yolov3", 416),
        ("yolov3", 608),
        ("yolov4-tiny", 416),
    }
    inference = len(NETS) * len(PRECISIONS) * len(BATCHES) * len(FORMS)
    assert len(rows) == len(set(rows)) == inference + 6
    trained = [row for row in rows if row.work == TRAINING]
    assert {(row.net, row.batch, row.form) for row in trained} == {
        (TRAINED, 64, STEP),
        (TRAINED, 64, TWIN_STEP),
    }
    assert {row.precision for row in trained} == {"fp32", "bf16", "fp16"}


def test_the_most_telling_come_first() -> None:
    net, late = GpuNet("a"), GpuNet("b")
    trained = training_rows(net, ("fp32",), 2)
    plan = GpuPlan({net: 0, late: 2}, {"fp32": 0}, {1: 0}, {"graphs": 0, "eager": 1}, trained)
    said = [(row.net.cfg, row.form) for row in plan.rows()]
    assert said == [
        ("a", "graphs"),
        ("a", TWIN_STEP),
        ("a", STEP),
        ("a", "eager"),
        ("b", "graphs"),
        ("b", "eager"),
    ]


def test_a_network_of_the_users_comes_beside_the_others() -> None:
    own = GpuNet("own.cfg")
    rows = full_plan(own).rows()
    assert rows[0].net == own and {row.net for row in rows} == {own, *NETS}


def test_what_a_row_is_compared_with() -> None:
    rows = set(full_plan().rows())
    row = GpuRow(TRAINED, "inference", "compiled", "fp16", 8)
    assert row.twin == GpuRow(TRAINED, "inference", "twin graphs", "fp16", 8)
    assert row.twin.twin is None
    assert {row.twin for row in rows if row.form in TWINS} <= rows
