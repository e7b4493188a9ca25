"""A network's weights with some of them changed, ready to be written."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from darknet_py.errors import DarknetError
from darknet_py.layers.base import Weights
from darknet_py.network import weights
from darknet_py.network.graph import Graph
from darknet_py.network.network import Network
from darknet_py.network.weights_fitting import layer_words
from darknet_py.network.weights_header import Header


@dataclass
class Edit:
    """What a tool makes of a network, which itself stays as it is.

    graph: what the cfg of the new file says. header: its header. tensors: those of the layers that
    have changed. done: what there is to say of the new file behind its name, "" where nothing was
    changed. notes: what to know before it is used.
    """

    network: Network
    graph: Graph
    header: Header
    tensors: Mapping[int, Weights]
    done: str
    notes: tuple[str, ...] = ()

    def own(self, index: int) -> Weights:
        return self.tensors[index] if index in self.tensors else self.network.own(index)

    def save(self, path: Path) -> None:
        """Raises OutputError; the file appears whole or not at all."""
        weights.save(self, path)


def edited(
    network: Network,
    tensors: Mapping[int, Weights],
    done: str,
    notes: tuple[str, ...] = (),
    graph: Graph | None = None,
) -> Edit:
    """An edit with the header that the fork's program writes after loading."""
    if network.folded:
        raise DarknetError("batch normalisation is folded in; edit the network it was made from")
    header = written_header(network.graph, network.header.seen)
    return Edit(network, graph or network.graph, header, tensors, done, notes)


def written_header(graph: Graph, seen: int) -> Header:
    """Both programs write their own version, whatever the file had that was read.

    AlexeyAB's counts iterations and writes them times the images of one, which drops a remainder.
    """
    rules = graph.fork.weights
    step = graph.net.step_images if rules.whole_iterations else 1
    return Header(0, 2, rules.revision, seen // step * step)


def matrices(tensors: Weights) -> Iterator[str]:
    """The prefix of each matrix of a layer: "", or that of the parts of a recurrent layer."""
    return (name.removesuffix("weights") for name in tensors if name.endswith("weights"))


def normalized(tensors: Weights) -> bool:
    """Whether a layer's matrices have batch normalisation."""
    return any(name.endswith("scales") for name in tensors)


def layers_named(graph: Graph, indices: Iterable[int]) -> str:
    """`layers 0 to 4 and 7`: a range is of layers that have tensors."""
    with_tensors = [step.index for step in graph.steps if graph.stored(step.owner)]
    return layer_words(sorted(indices), with_tensors)
