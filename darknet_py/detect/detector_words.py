"""A detector in words: its network, and what that runs on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import torch

    from darknet_py.engines.engine import Engine
    from darknet_py.engines.table import EngineConfig
    from darknet_py.network.graph import Graph


class RunningEngine(Protocol):
    """What an engine says of itself."""

    @property
    def config(self) -> EngineConfig: ...
    @property
    def device(self) -> torch.device | str: ...
    @property
    def compiled(self) -> bool: ...


def detector_words(graph: Graph, classes: int, engine: Engine, weights: str) -> str:
    """Such as Detector('cfg/yolov3.cfg', input 416 x 416 x 3, 80 classes, engine torch cpu fp32,
    weights 'yolov3.weights', fork alexeyab). weights: a path, "" for those of a Network."""
    words = (
        repr(graph.path),
        f"input {graph.net.input}",
        f"{classes} classes",
        f"engine {running_words(engine)}",
        f"weights {weights!r}" if weights else "weights of a Network",
        f"fork {graph.fork.name}",
    )
    return f"Detector({', '.join(words)})"


def running_words(engine: RunningEngine) -> str:
    """Engine, device and precision as they are in force."""
    compiled = " compiled" if engine.compiled else ""
    return f"{engine.config.engine} {engine.device} {engine.config.precision}{compiled}"
