"""How much memory a training step will take, worked out without taking it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import torch
from torch import Tensor

from darknet_py.errors import DarknetError
from darknet_py.losses import LOSSES
from darknet_py.network.graph import Graph
from darknet_py.network.network import Network
from darknet_py.system import free_memory
from darknet_py.train.head_pass import HeadPass
from darknet_py.train.multi_scale import InputSizes

BACKWARD = 4
"""Copies of the largest tensor beside those that are held: gradients coming and going, and what a
convolution makes of them. Measured on seven cfgs: 1.8 to 4.8."""
COPIES, MOMENTS = 3, 2
"""Of the weights: themselves, gradients, updates; and of those that Adam moves two moments."""
SHARE = 0.8
"""Of the free memory that a step may take: libraries, loaded images and losses need some too."""
PROBED = 2
"""Images of the pass that is looked at: batch statistics need two."""


@dataclass(frozen=True)
class StepMemory:
    """Bytes of a step in fp32: `fixed` whatever the number of images, and `per_image`.

    width, height: the input they are for, which is the largest that random= makes.
    """

    fixed: int
    per_image: int
    width: int
    height: int

    def of(self, images: int) -> int:
        """Bytes with so many images at once."""
        return self.fixed + images * self.per_image

    def subdivisions(self, batch: int, free: int) -> int | None:
        """The smallest number of equal parts of a batch that fit into `free` bytes.

        None where one image at a time does not.
        """
        parts = (n for n in range(1, batch + 1) if batch % n == 0)
        return next((n for n in parts if self.of(batch // n) <= SHARE * free), None)


def step_memory(graph: Graph) -> StepMemory:
    """What a step needs, with weights, gradients and all that is held for the backward pass.

    A forward pass on torch's "meta" device, which has no memory, says what is held: on the CPU the
    peak of real steps was .72 to 1.05 times as high.  Raises DarknetError where the network
    cannot be trained.
    """
    network = _on_meta(graph)
    width, height = graph.net.width, graph.net.height
    if graph.detection_heads:
        width, height = InputSizes(graph, 0).largest
        network = network.resized(width, height)
    sizes = _held(network)
    per_image = (sum(sizes) + BACKWARD * max(sizes, default=0)) // PROBED
    return StepMemory(_fixed(network), per_image, width, height)


def _fixed(network: Network) -> int:
    """Bytes of the weights, and of what training keeps beside each of them."""
    graph = network.graph
    adam = [n for n in graph.nodes if graph.net.adam and n.layer.moved_by_adam(graph.fork)]
    moments = (_bytes(network.own(node.index).values()) for node in adam)
    return COPIES * _bytes(network.state_dict().values()) + MOMENTS * sum(moments)


def _bytes(tensors: Iterable[Tensor]) -> int:
    return sum(t.numel() * t.element_size() for t in tensors)


def free_on(device: torch.device) -> int | None:
    """Bytes that a training on this device could take; None where the system does not tell."""
    if device.type == "cuda":
        return int(torch.cuda.mem_get_info(device)[0])
    return free_memory()


def _on_meta(graph: Graph) -> Network:
    with torch.device("meta"):
        network = Network(graph, start=False)
    return network.to(memory_format=torch.channels_last).train()  # type: ignore[call-overload]


def _held(network: Network) -> list[int]:
    """Bytes of each tensor, the weights apart, that a pass keeps for the gradients."""
    graph = network.graph
    owners = tuple(node.index for node in graph.nodes if type(node.layer) in LOSSES)
    if not owners:
        last = graph.nodes[graph.last].layer.kind
        raise DarknetError(f"{graph.path}: no layer has a loss, it ends in [{last}]")
    own = {t.untyped_storage()._cdata for t in network.state_dict().values()}
    # Storages are kept, so that no other one takes the number of one that is gone.
    held: dict[int, torch.UntypedStorage] = {}

    def keep(tensor: Tensor) -> Tensor:
        storage = tensor.untyped_storage()
        if storage._cdata not in own:
            held[storage._cdata] = storage
        return tensor

    steps = graph.net.time_steps
    x = torch.empty(PROBED * steps, *graph.net.input, device="meta")
    with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
        HeadPass(network, owners)(x, frozenset(), 0, False, torch.ones((), device="meta"))
    return [storage.nbytes() for storage in held.values()]
