"""What the metrics of an evaluation were computed with: the commonest reason why two differ."""

from __future__ import annotations

from dataclasses import dataclass

from darknet_py.detect.pipeline import PipelineOptions
from darknet_py.engines.table import EngineConfig
from darknet_py.network.graph import Graph


@dataclass(frozen=True, kw_only=True)
class EvalConfig:
    """images: how many. input: width, height, channels of the network's input in pixels. resize:
    stretch or letterbox. score_floor: scores must be above it. nms_kind, nms: which boxes that
    overlap more than it go. iou_thresh: least overlap of a hit. points: recalls, 0 for the area.
    """

    images: int
    input: tuple[int, int, int]
    resize: str
    score_floor: float
    nms_kind: str
    nms: float
    iou_thresh: float
    points: int
    device: str
    fork: str
    engine: str = "torch"
    precision: str = "fp32"

    def line(self) -> str:
        """All of it in one line."""
        points = f"{self.points} recall points" if self.points else "area under the curve"
        words = (
            f"{self.images} images",
            f"input {' x '.join(map(str, self.input))}",
            self.resize,
            f"scores above {self.score_floor:g}",
            f"nms {self.nms_kind} {self.nms:g}",
            f"hits above IoU {self.iou_thresh:g}",
            points,
            f"{self.engine} {self.device} {self.precision}",
            f"fork {self.fork}",
        )
        return ", ".join(words)


def eval_config_of(
    graph: Graph,
    options: PipelineOptions,
    config: EngineConfig,
    images: int,
    iou_thresh: float,
    points: int,
) -> EvalConfig:
    """What a network is evaluated with."""
    net = graph.net
    return EvalConfig(
        images=images,
        input=(net.width, net.height, net.channels),
        resize="letterbox" if graph.letter_box else "stretch",
        score_floor=options.thresh,
        nms_kind=options.suppression_for(graph).kind,
        nms=options.nms,
        iou_thresh=iou_thresh,
        points=points,
        device=config.device,
        fork=graph.fork.name,
        engine=config.engine,
        precision=config.precision,
    )
