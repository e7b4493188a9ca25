"""What the classifier commands are given, read and compared before torch is imported."""

from __future__ import annotations

import logging
import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from darknet_py.cfg.datafile import DataFile, read_data_file
from darknet_py.cfg.names import read_names
from darknet_py.data.classifier_samples import require_outputs, tree_of
from darknet_py.data.listing import read_list
from darknet_py.engines.table import EngineConfig
from darknet_py.errors import DarknetError, DataError, Location
from darknet_py.layers.tree import Tree
from darknet_py.network import weights_layout
from darknet_py.network.graph import Graph, read_graph
from darknet_py.network.load import require_memory
from darknet_py.options.cifar_words import CifarRunOptions
from darknet_py.options.inference import ClassifierOptions, ImageModelOptions

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from darknet_py.classify.classifier import Classifier

logger = logging.getLogger(__name__)


@dataclass
class Failures:
    """Counts images that cannot be read, and names each in the log."""

    count: int = 0

    def report(self, error: DarknetError) -> None:
        self.count += 1
        logger.error(error)


@dataclass(frozen=True)
class LoadedClassifier:
    """A classifier's cfg and the weights and .data file that fit it."""

    options: ClassifierOptions
    graph: Graph
    plan: weights_layout.Layout
    data: DataFile | None
    failures: Failures = field(default_factory=Failures)

    @property
    def classes(self) -> int:
        return self.graph.nodes[self.graph.last].out.size

    @property
    def tree(self) -> Tree | None:
        return tree_of(self.graph)

    @property
    def topk(self) -> int:
        """Guesses that count: -t, else top= of the .data file, 1 without it."""
        guesses = self.options.top or (self.data.integer("top", 1) if self.data else 1)
        return max(1, min(guesses, self.classes))

    def images(self, key: str, default: str) -> list[str]:
        """The list that a key of the .data file names."""
        path = self.data.file(key) if self.data else None
        return read_list(default if path is None else path)

    def leaves(self) -> Sequence[str] | None:
        """The classes that `leaves=` of the .data file lists, None where it does not.

        Raises DataError for names that the tree does not know.
        """
        names = read_leaves(self.data, self.tree)
        if names is not None:
            logger.info("Found %d leaves.", len(names))
        return names

    def classifier(
        self, tree: bool = True, only_leaves: bool = True, leaves: Sequence[str] | None = None
    ) -> Classifier:
        """The network on its device.

        tree: scores are products down the class tree, if there is one. only_leaves: of its
        classes only these `leaves` can be answered, None: those without children.
        """
        from darknet_py.classify.classifier import leaves_of

        class_tree = self.tree if tree else None
        mask = leaves_of(class_tree, leaves) if class_tree and only_leaves else None
        config = self.options.engine_config()
        return start_classifier(self.graph, self.plan, config, class_tree, mask)


def start_classifier(
    graph: Graph,
    plan: weights_layout.Layout,
    config: EngineConfig,
    tree: Tree | None = None,
    leaves: NDArray[np.bool_] | None = None,
) -> Classifier:
    """A classifier from files that have been read and checked already; tree, leaves: see there."""
    from darknet_py.classify.classifier import Classifier
    from darknet_py.network.network import load_planned

    network, report = load_planned(graph, plan)
    for note in report.warnings:
        logger.warning("%s: %s", report.path, note)
    return Classifier(network, config, tree, leaves, shared=True)


def read_leaves(data: DataFile | None, tree: Tree | None) -> Sequence[str] | None:
    """The names that `leaves=` lists for a tree; raises DataError for those it does not know."""
    path = data.file("leaves") if data else None
    if path is None or tree is None:
        return None
    names = read_names(path)
    if unknown := [name for name in names if name not in tree.names]:
        message = f"'{unknown[0]}' is no class of the tree"
        raise DataError(message, Location(os.fspath(path), names.index(unknown[0]) + 1))
    return names


def load_classifier(options: ClassifierOptions) -> LoadedClassifier:
    """Read and check all files; raises CfgError, WeightsError or DataError, and DarknetError for
    an engine that is not there."""
    graph, plan = read_without_head(options)
    data = read_data_file(options.data) if options.data else None
    loaded = LoadedClassifier(options, graph, plan, data)
    if data:
        require_outputs(graph, data.integer("classes", 2), data)
    return loaded


def read_without_head(
    options: ImageModelOptions | CifarRunOptions,
) -> tuple[Graph, weights_layout.Layout]:
    """A network that reads images and finds no boxes, and where its weights are.

    Raises CfgError or WeightsError, and DarknetError for one of another kind or an engine that is
    not there.
    """
    options.require_engine()
    # Recurrent nets see single images here: AlexeyAB's inference sets time_steps=1 as well.
    graph = read_graph(
        options.cfg,
        width=options.width,
        height=options.height,
        fork=options.fork_in_force,
        time_steps=1,
    )
    if graph.head_classes is not None:
        kind = graph.nodes[graph.heads[-1]].layer.kind
        message = f"is a detection network, it ends in [{kind}]"
        raise DarknetError(f"{graph.path}: {message}; use `darknet-py detect`")
    if not (graph.net.width and graph.net.height):
        raise DarknetError(f"{graph.path}: reads no images: [net] has no width and height")
    plan = weights_layout.plan(graph, options.weights)
    require_memory(graph)
    return graph, plan
