"""What the metrics of an evaluation were computed with."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from support.map_result import EVAL_CONFIG
from support.tiny_detector import files

from darknet_py.detect.decode import Suppression
from darknet_py.detect.pipeline import PipelineOptions
from darknet_py.engines.table import EngineConfig
from darknet_py.evaluate.eval_config import EvalConfig, eval_config_of
from darknet_py.network.graph import read_graph


def test_all_of_it_in_a_line() -> None:
    assert EVAL_CONFIG.line() == (
        "4 images, input 416 x 416 x 3, stretch, scores above 0.005, nms greedynms 0.45, "
        "hits above IoU 0.5, area under the curve, torch cpu fp32, fork alexeyab"
    )
    assert "IoU 0.75, 11 recall points, torch" in (
        replace(EVAL_CONFIG, points=11, iou_thresh=0.75).line()
    )


def test_it_is_taken_from_the_network_and_what_runs_it(tmp_path: Path) -> None:
    cfg, _ = files(tmp_path)
    graph = read_graph(cfg, fork="pjreddie")
    rule = PipelineOptions(thresh=0.01, nms=0.3, suppression=Suppression("objectness"))
    engine = EngineConfig(device="cuda:1", precision="fp16")
    assert eval_config_of(graph, rule, engine, 7, 0.6, 101) == EvalConfig(
        images=7,
        input=(64, 32, 3),
        resize="letterbox",
        score_floor=0.01,
        nms_kind="objectness",
        nms=0.3,
        iou_thresh=0.6,
        points=101,
        device="cuda:1",
        fork="pjreddie",
        engine="torch",
        precision="fp16",
    )
