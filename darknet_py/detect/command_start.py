"""How `detect` begins: its network is read, and what is in force is said."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from darknet_py.cfg.names import read_names
from darknet_py.detect.detector_words import running_words
from darknet_py.detect.tiles import Tiling
from darknet_py.network.darknet_lines import Said, inference_lines, names_line, told_keys
from darknet_py.network.graph import Graph
from darknet_py.network.load import LoadedModel, load_model
from darknet_py.options.demo import DemoOptions
from darknet_py.options.inference import DetectOptions

if TYPE_CHECKING:
    from darknet_py.detect.detector import Detector
    from darknet_py.detect.stored_detector import StoredDetector
    from darknet_py.options.serving import ServeOptions

FOLDER_BATCH = 4
"""Of many images a small network takes so many at once: what Python does for a layer is done
once for all."""
USUAL_DATA = "cfg/coco.data"
"""Where both programs' `detect` takes its names from."""
SMALL = 10**9
"""Operations of a small network: a single image does not pay a second thread for it."""


def load_detection(options: DetectOptions | DemoOptions) -> LoadedModel:
    """The network that is asked for, checked as far as can be without torch."""
    data = options.data_file
    model = load_model(
        options.cfg,
        options.weights,
        options.names,
        data=data,
        usual_data=USUAL_DATA if data is None else None,
        fork=options.fork_in_force,
        width=options.width,
        height=options.height,
    )
    options.require_engine()
    return model


def darknet_start(
    model: LoadedModel, options: DetectOptions | DemoOptions, device: str, *title: Said
) -> Iterator[Said]:
    """What is printed before the first image. title: after what the machine has."""
    data = model.data
    told = [*title, *told_keys(data, {"names": "data/names.list"})]
    yield from inference_lines(model.graph, model.plan, device, told)
    if options.names is None and data and "names" in data.options and (path := data.file("names")):
        yield from names_line(data.options["names"], len(read_names(path)), model.graph)


def usual_batch(graph: Graph, images: int) -> int:
    """How many images run at once where nobody says."""
    return FOLDER_BATCH if images > FOLDER_BATCH and operations(graph) < SMALL else 1


def operations(graph: Graph) -> float:
    """Of one forward pass."""
    return sum(node.layer.flops(graph.context(node.index), node.out) for node in graph.nodes)


def settings_lines(
    detector: Detector | StoredDetector,
    options: DetectOptions | DemoOptions | ServeOptions,
    tiling: Tiling | None = None,
) -> Iterator[str]:
    """What decides the numbers, which is the commonest reason why results differ; before it, what
    is odd in the cfg."""
    graph = detector.graph
    yield from (str(notice) for notice in graph.notices if notice.level == "warning")
    letter_box = options.letter_box or graph.letter_box
    words: Sequence[str] = (
        f"{len(graph.nodes)} layers",
        f"input {graph.net.input}",
        "letterbox" if letter_box else "stretch",
        *([f"tiles {tiling}"] if tiling else []),
        f"thresh {options.least_score:g}",
        f"nms {detector.suppression.kind} {options.nms:g}",
        running_words(detector.engine),
        f"fork {graph.fork.name}",
    )
    yield f"{graph.path}: {', '.join(words)}"
