"""`map` from its options to what it prints and writes."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

import pytest
from support.labelled import data_set

from darknet_py.errors import DarknetError
from darknet_py.evaluate.command import run
from darknet_py.options.evaluation import MapOptions


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.chdir(tmp_path)
    return str(data_set(tmp_path))


def options(data: str, **choices: object) -> MapOptions:
    given = {"data": data, "cfg": "n.cfg", "weights": "n.weights", "device": "cpu"}
    return MapOptions(**given | choices)  # type: ignore[arg-type]


def test_table_remarks_and_files(data: str, capsys: pytest.CaptureFixture[str]) -> None:
    run(options(data, out=("o.json",), coco=True))
    printed = capsys.readouterr()
    written = json.loads(Path("o.json").read_text())
    assert f"(mAP@0.50) = {written['mAP']:f}, or " in printed.out
    assert "\nCOCO's metrics of the same boxes, areas by boxes:\n" in printed.out
    rest = sum(row["ap"] for row in written["classes"]) / 2 * 100
    assert (
        "1 of the 3 classes never appear in the labels; their AP is 0 and lowers the mAP, as in "
        f"Darknet. The mean of the other 2 is {rest:.2f} %\n" in printed.err
    )
    f1, thresh = written["best_f1"]["f1"], written["best_f1"]["thresh"]
    assert f"With -thresh {thresh:.3f} the F1-score would be highest: {f1:.2f}\n" in printed.err
    assert re.search(r"images a second; milliseconds of a thread for each: reading ", printed.err)
    assert "o.json: the metrics of 3 classes" in printed.err
    assert {"image_set", "cfg", "weights", "coco"} < set(written)


def test_what_can_be_refused_is_refused_first(data: str) -> None:
    with pytest.raises(DarknetError, match="--worst is 0, expected 1 image or more"):
        run(options(data, worst=(0, "w"), weights="gone.weights"))
    with pytest.raises(DarknetError, match="the folder gone does not exist"):
        run(options(data, out=("gone/o.json",), weights="gone.weights"))


@pytest.mark.parametrize("option", ["curves", "confusion"])
def test_drawings_are_refused_first(
    data: str, option: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(DarknetError, match="the folder gone does not exist"):
        run(options(data, weights="gone.weights", **{option: "gone/a.png"}))
    with pytest.raises(DarknetError, match=r"a\.bmp: figures are drawn as"):
        run(options(data, weights="gone.weights", **{option: "a.bmp"}))
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    with pytest.raises(DarknetError, match=f"--{option} needs the package matplotlib"):
        run(options(data, weights="gone.weights", **{option: "a.png"}))


def test_all_that_darknet_prints(data: str, capsys: pytest.CaptureFixture[str]) -> None:
    run(options(data, log_style="darknet"))
    out, err = capsys.readouterr()
    assert out.startswith(" GPU isn't used \n") and "train = 0 \n\n seen 64, trained: " in out
    (count,) = re.findall(r"detections_count = (\d+), unique", out)
    ranks = "".join(f" rank = {n} of ranks = {count} \r" for n in range(0, int(count), 100))
    assert f"  \n{ranks}class_id = 0, name = ant" in out and out.count("\r") == ranks.count("\r")
    assert "avg_outputs = " in err and "\r2Total Detection Time: " in err
    run(options(data, log_style="plain"))
    assert out.endswith(capsys.readouterr().out.replace("class_id = 0", f"{ranks}class_id = 0"))
