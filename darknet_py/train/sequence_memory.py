"""What recurrent layers remember from one sub-batch of an update to the next."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from torch import Tensor

from darknet_py.layers.recurrent import Recurrent
from darknet_py.network.graph import Graph

Memory = dict[int, Any]
"""A layer's state by its index: a tensor, or several."""


@dataclass
class SequenceMemory:
    """Of one update, in which `passes` sub-batches after one another show one sequence of images.

    Each sequence starts without memory: in AlexeyAB's program that of whatever came before it goes
    on, though its backward pass knows better. No gradient goes from a sub-batch to the one before.
    """

    graph: Graph
    passes: int = 1
    _position: int = field(init=False, default=0)
    _memory: Memory = field(init=False, default_factory=dict)

    def before_pass(self) -> Memory | None:
        """The state that the next sub-batch starts from and changes; None: it stands alone."""
        if self.passes == 1:
            return None
        self._memory = self._start()
        self._position += 1
        return self._memory

    def beside(self) -> Memory | None:
        """The same for a pass that the sub-batch knows nothing of."""
        return None if self.passes == 1 else self._start()

    def _start(self) -> Memory:
        return {} if self._position % self.passes == 0 else self._kept()

    def _kept(self) -> Memory:
        return {
            index: _detached(state)
            for index, state in self._memory.items()
            if not _starts_empty(self.graph, index)
        }


def _starts_empty(graph: Graph, index: int) -> bool:
    layer = graph.nodes[index].layer
    return isinstance(layer, Recurrent) and layer.STARTS_EMPTY


def _detached(state: Any) -> Any:
    """A state of the same kind: lstm has two tensors, others one."""
    if isinstance(state, Tensor):
        return state.detach()
    return tuple(map(_detached, state))
