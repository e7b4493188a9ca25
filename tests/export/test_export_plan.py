"""What an export is asked for, checked before anything is read."""

from __future__ import annotations

from pathlib import Path

import pytest

from darknet_py.conversion.export_target import ExportTarget
from darknet_py.conversion.formats import FORMATS
from darknet_py.export.export_plan import ExportPlan, file_paths, samples
from darknet_py.network.network import Network
from darknet_py.options.inference import ExportOptions

ROOT = Path(__file__).parents[2]


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


@pytest.mark.parametrize(
    ("form", "name", "described"),
    [
        ("ultralytics", "a_openvino_model/a.xml", True),
        ("ultralytics", "a/a.xml", False),
        ("boxes", "a_openvino_model/a.xml", False),
        ("ultralytics", "a_ncnn_model/a.xml", False),
    ],
)
def test_folders_that_ultralytics_readers_know_are_described(
    tmp_path: Path, form: str, name: str, described: bool
) -> None:
    out = tmp_path / name
    out.parent.mkdir()
    options = ExportOptions(cfg="a.cfg", format="openvino", form=form, out=str(out))
    plan = ExportPlan.of(options)
    assert plan.described == described
    assert (out.with_name("metadata.yaml") in plan.paths.values()) == described


def test_metadata_yaml_is_written_beside_ncnns_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    yaml = pytest.importorskip("yaml", reason="needs pip install pyyaml")
    folder = tmp_path / "a_ncnn_model"
    folder.mkdir()
    monkeypatch.chdir(folder)
    cfg = str(ROOT / "cfg" / "shapes.cfg")
    plan = ExportPlan.of(ExportOptions(cfg=cfg, format="ncnn", form="ultralytics", out="a.param"))
    written = [path.name for path, _ in plan.write(Network.from_cfg(cfg, seed=1), ['a "b"', "é"])]
    assert sorted(written) == ["a.bin", "a.json", "a.param", "metadata.yaml"]
    words = yaml.safe_load((folder / "metadata.yaml").read_text("utf-8"))
    others = {number: f"class{number}" for number in range(2, 8)}
    assert words["names"] == {0: 'a "b"', 1: "é", **others}
    assert (words["task"], words["stride"], words["batch"]) == ("detect", 16, 1)
    assert words["imgsz"] == [256, 256] and words["args"]["nms"] is False
