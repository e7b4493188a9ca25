"""Records of options: what they are made of, their defaults and their order on the command line."""

from __future__ import annotations

import ast
import dataclasses
from pathlib import Path

import pytest

from darknet_py.errors import DarknetError
from darknet_py.options import (
    classifying,
    common,
    datasets,
    detecting,
    evaluation,
    exporting,
    measuring,
    texts,
    training,
)
from darknet_py.options.benchmarking import BenchmarkOptions
from darknet_py.options.common import CfgOptions, DeviceOptions, EngineOptions, RunOptions
from darknet_py.options.evaluation import EvalOptions, MapOptions
from darknet_py.options.flag import Flag, flag, flags_of
from darknet_py.options.inference import ClassifyOptions, DetectOptions, PredictOptions
from darknet_py.options.training import DetectorTrainOptions, TextTrainOptions

PACKAGE = Path(__file__).resolve().parents[2] / "darknet_py"
MODULES = (
    *(classifying, common, datasets, detecting, evaluation),
    *(exporting, measuring, texts, training),
)
RECORDS = [
    kind
    for module in MODULES
    for kind in vars(module).values()
    if isinstance(kind, type) and dataclasses.is_dataclass(kind) and "Options" in kind.__name__
]


@pytest.mark.parametrize("record", RECORDS, ids=lambda record: record.__name__)
def test_records_are_frozen_and_keyword_only(record: type) -> None:
    assert record.__dataclass_params__.frozen  # type: ignore[attr-defined]
    assert all(field.kw_only for field in dataclasses.fields(record))


@dataclasses.dataclass(frozen=True, kw_only=True)
class Small:
    first: int = flag(1, "One.", "-f", least=0)
    plain: int = 2


@dataclasses.dataclass(frozen=True, kw_only=True)
class Large(Small):
    second: str = flag("two")


@dataclasses.dataclass(frozen=True, kw_only=True)
class Changed(Large):
    third: bool = flag(False)
    first: int = flag(5, "Five.")


def test_own_flags_come_first_and_a_changed_one_is_own() -> None:
    assert flags_of(Large) == {"second": Flag(), "first": Flag("One.", ("-f",), least=0)}
    assert list(flags_of(Large)) == ["second", "first"]
    assert list(flags_of(Changed)) == ["third", "first", "second"]
    assert flags_of(Changed)["first"] == Flag("Five.")
    assert Changed() == Changed(first=5, plain=2, second="two", third=False)


def test_the_parts_of_a_record_keep_their_order() -> None:
    device, engine = ["gpu", "nogpu", "device"], ["precision", "engine", "compiled"]
    assert list(flags_of(CfgOptions)) == ["fork", "width", "height"]
    assert list(flags_of(RunOptions)) == [*device, *engine]
    assert list(flags_of(EvalOptions)) == ["batch", "fork", "width", "height", *device, *engine]
    assert list(flags_of(MapOptions))[-2:] == ["iou_thresh", "points"]


def test_darknets_defaults() -> None:
    options = DetectOptions(cfg="c", weights="w")
    assert (options.least_score, options.hier, options.nms, options.batch) == (
        0.24,
        0.5,
        0.45,
        None,
    )
    assert DetectOptions(cfg="c", weights="w", data="d").least_score == 0.25
    assert DetectOptions(cfg="c", weights="w", fork="pjreddie").least_score == 0.5
    assert DetectOptions(cfg="c", weights="w", data="d", thresh=0.0).least_score == 0
    found = MapOptions(data="d", cfg="c", weights="w")
    assert (found.thresh, found.iou_thresh, found.points, found.batch) == (0.25, 0.5, 0, 4)
    assert not found.needs_boxes
    assert MapOptions(data="d", cfg="c", weights="w", worst=(1, "x")).needs_boxes
    assert PredictOptions(cfg="c", weights="w").top is None
    assert ClassifyOptions(cfg="c", weights="w").top == 5
    assert DetectorTrainOptions(data="d", cfg="c").kind == "detector"
    assert TextTrainOptions(cfg="c").data == "data/shakespeare.txt"
    assert BenchmarkOptions(cfg="c").time == 4
    assert BenchmarkOptions(cfg="c", runs=3).time is None
    assert BenchmarkOptions(cfg="c", runs=3, seconds=1).time == 1


def test_what_a_network_runs_on() -> None:
    assert DeviceOptions(nogpu=True, gpu=3).chosen_device == "cpu"
    assert DeviceOptions(device="mps", gpu=3).chosen_device == "mps"
    config = RunOptions(device="cuda:7", precision="bf16", compiled=True).engine_config(threads=2)
    assert dataclasses.astuple(config) == ("torch", "bf16", True, "cuda:7", 2)
    EngineOptions().require_engine()
    with pytest.raises(DarknetError, match="unknown engine 'torhc'.*did you mean 'torch'"):
        EngineOptions(engine="torhc").require_engine()


SPREAD = {"fork", "width", "height", "gpu", "nogpu", "device", "engine"}
"""Fields that each command had once for itself."""


def test_shared_options_are_written_once() -> None:
    """Width and height mean something else for anchors and for drawn images."""
    homes: dict[str, list[str]] = {name: [] for name in SPREAD}
    for path in sorted((PACKAGE / "options").glob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.AnnAssign) and ast.unparse(node.target) in SPREAD:
                homes[ast.unparse(node.target)].append(path.stem)
    again = {name: places for name, places in homes.items() if places != ["common"]}
    other = ["common", "datasets", "evaluation"]
    assert again == {"width": other, "height": other}


def test_the_command_line_writes_no_default_of_its_own() -> None:
    """Numbers stand in the records: an option beside them is a flag or has no default."""
    for path in (PACKAGE / "cli").glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.keyword) and node.arg == "default":
                assert not isinstance(node.value, ast.Constant), f"{path.name}:{node.lineno}"
