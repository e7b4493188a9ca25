"""What an export is asked for, checked before anything is read."""

from __future__ import annotations

from pathlib import Path

import pytest

from darknet_py.conversion.export_target import ExportTarget
from darknet_py.conversion.formats import FORMATS
from darknet_py.export.export_plan import ExportPlan, file_paths, samples
from darknet_py.options.inference import ExportOptions


def test_images_of_data_are_taken_where_none_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Four at most, of the working folder, else of the one beside the cfg's."""
    cfg = tmp_path / "cfg" / "a.cfg"
    (tmp_path / "here" / "data").mkdir(parents=True)
    (tmp_path / "data").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    assert samples(str(cfg)) == []
    (tmp_path / "data" / "b.jpg").touch()
    assert samples(str(cfg)) == [str(tmp_path / "data" / "b.jpg")]
    for number in range(6):
        Path("data", f"{number}.jpg").touch()
    assert samples(str(cfg)) == [f"data/{number}.jpg" for number in range(4)]


def test_other_files_lie_beside_the_one_that_is_named() -> None:
    paths = file_paths(FORMATS["openvino"], Path("b/a.xml"))
    assert paths == {".xml": Path("b/a.xml"), ".bin": Path("b/a.bin")}


def test_a_plan_names_its_file_after_the_cfg(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    plan = ExportPlan.of(ExportOptions(cfg="b/a.cfg", dynamic="batch", batch=2, thresh=0.5))
    assert (plan.out, plan.paths) == (Path("a.onnx"), {".onnx": Path("a.onnx")})
    assert plan.target == ExportTarget(batch=2, dynamic_batch=True, thresh=0.5)
    assert not plan.verifies
    assert ExportPlan.of(ExportOptions(cfg="a.cfg", images=("a.jpg",))).verifies
