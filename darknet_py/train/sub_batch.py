"""One sub-batch of training: forward, the losses of the heads, and their deltas backward."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import NamedTuple

import torch
from torch import Tensor, nn

from darknet_py.errors import DarknetError
from darknet_py.layers.head import Head
from darknet_py.layers.run import Progress
from darknet_py.layers.torch_kernels import Convolve
from darknet_py.losses import LOSSES, LossInput
from darknet_py.losses.delta_rejection import DeltaRejection, delta_rejection
from darknet_py.losses.head_loss import WIDTHS, PendingLoss, read_losses
from darknet_py.network.network import Network
from darknet_py.train.adversarial import (
    AdversarialStep,
    AdversarialView,
    Ends,
    moved_images,
    view_of,
)
from darknet_py.train.amp import Precision
from darknet_py.train.freezing import freeze_before, no_grad_layers_at, silent_losses
from darknet_py.train.head_pass import (
    HeadPass,
    compiling,
    prepare_to_compile,
    reached_layers,
    to_input,
    wrapped,
)
from darknet_py.train.loss_error import Losses
from darknet_py.train.nan_repair import repair_tensors, repairs
from darknet_py.train.progress_source import ProgressSource
from darknet_py.train.sequence_memory import SequenceMemory


class Moment(NamedTuple):
    """When a sub-batch runs. batch: the update it is for, from 1. seen: all images so far, with
    those of this sub-batch. generator: of the host, for what losses draw. completed: updates made
    before. part: which sub-batch of its update it is, from 1. adversarial: how its images move
    before they are learnt, None where they do not."""

    batch: int
    seen: int
    generator: torch.Generator
    completed: int
    part: int
    adversarial: AdversarialStep | None = None


@dataclass
class SubBatchPass:
    """Runs sub-batches through a network and leaves gradients on its tensors.

    convolve: as in `Run`. world: processes that train together. resized: the network at the size
    of the images, with the same tensors. rejection: what [yolo] heads leave out, None for nothing.
    view: with attention=1 of [net], of the last sub-batch whose images were moved. memory: of the
    update at hand.
    """

    network: Network
    amp: Precision
    convolve: Convolve
    world: int
    compiled: bool
    sync_batchnorm: bool
    owners: tuple[int, ...] = field(init=False)
    head: HeadPass = field(init=False)
    module: nn.Module = field(init=False)
    resized: Network = field(init=False)
    view: AdversarialView | None = field(init=False, default=None)
    rejection: DeltaRejection | None = field(init=False)
    memory: SequenceMemory = field(init=False)

    def __post_init__(self) -> None:
        graph = self.network.graph
        self.owners = owners(self.network)
        self.freeze_before, self._silent = freeze_before(graph), silent_losses(graph)
        self.resized = self.network
        self._progress = ProgressSource(graph, self.owners)
        self.memory = SequenceMemory(graph)
        self._sizes: dict[tuple[int, int], Network] = {}
        self.rejection = delta_rejection(
            graph.net, graph.fork, next(self.network.parameters()).device
        )
        if self.compiled:
            prepare_to_compile(graph)
        self.head = HeadPass(self.network, self.owners, self.convolve)
        self.module = wrapped(self.head, self.compiled, self.world)

    def resize(self, width: int, height: int) -> None:
        """Take images of another size from now on; the weights are the same tensors."""
        if (width, height) not in self._sizes:
            self._sizes[width, height] = self.network.resized(width, height)
            if self.compiled:
                prepare_to_compile(self._sizes[width, height].graph)
        self.resized = self.head.network = self._sizes[width, height]

    def check_truth(self, truth: Tensor) -> None:
        """Raises DarknetError for a width that a head does not read."""
        width = truth[0].numel()
        for index in self.owners:
            node = self.network.graph.nodes[index]
            expected = WIDTHS[type(node.layer)](node, self.network.graph.fork)
            if not expected.fits(width):
                message = f"a truth of {width} values an image, expected {expected.words}"
                raise DarknetError(message, node.layer.location())

    def run(self, images: Tensor, truth: Tensor, moment: Moment) -> Losses:
        """Forward and backward: the deltas are the gradients, not the cost's own."""
        x = to_input(images, next(self.network.parameters()).device)
        if moment.adversarial:
            x = self._moved(x, truth, moment, moment.adversarial)
        pending, (ends, gradients) = self._passed(x, truth, moment)
        if ends:
            self.amp.backward(ends, gradients)
        if repairs(self.network.graph):
            # Gradients that fp16 cannot hold are the scaler's: it leaves the step out.
            repair_tensors(self.network, gradients=not self.amp.scaler.is_enabled())
        # Read now, when the device has work to do while the host waits for the numbers.
        return dict(zip(self.owners, read_losses(pending), strict=True))

    def _moved(self, x: Tensor, truth: Tensor, moment: Moment, step: AdversarialStep) -> Tensor:
        """x as it is to be learnt; see `adversarial`."""
        nothing = torch.zeros_like(truth)
        drawn = moment._replace(generator=torch.Generator().manual_seed(step.seed))

        def ends_of(leaf: Tensor) -> Ends:
            return self._passed(leaf, nothing, drawn, adversarial=True)[1]

        moved, delta = moved_images(x, step, self.resized, self.amp, ends_of)
        net = self.network.graph.net
        if net.contrastive:
            # Every other image is learnt beside its twin, which stays as it is.
            moved[1::2] = x[1::2]
        if net.attention:
            self.view = view_of(x, delta, moved)
        return moved

    def _passed(
        self, x: Tensor, truth: Tensor, moment: Moment, adversarial: bool = False
    ) -> tuple[list[PendingLoss], Ends]:
        """Forward; the losses, and where their gradients go in."""
        progress = self._progress.at(moment.completed, moment.part, truth, x.device)
        captured, outputs = self._forward(x, moment, progress, adversarial)
        pairs = list(zip(self.owners, captured, outputs, strict=True))
        pending = [self._loss(i, into, y, truth, moment, adversarial) for i, into, y in pairs]
        live = [
            (into, -self._scaled(i, loss.delta).reshape(into.shape))
            for (i, into, _), loss in zip(pairs, pending, strict=True)
            if into.requires_grad and i not in self._silent
        ]
        return pending, ([into for into, _ in live], [gradient for _, gradient in live])

    def _forward(
        self, x: Tensor, moment: Moment, progress: Progress | None, adversarial: bool
    ) -> tuple[list[Tensor], list[Tensor]]:
        no_grad_layers = no_grad_layers_at(self.network.graph, moment.completed)
        frozen = no_grad_layers, self.freeze_before
        passing = progress, adversarial
        arguments = (*frozen, self.sync_batchnorm, self.amp.delta_scale(), *passing)
        # The pass that moves images sees what the sub-batch sees, and leaves no trace.
        self.head.memory = self.memory.beside() if adversarial else self.memory.before_pass()
        # DistributedDataParallel waits for gradients, of which there must be some.
        learns = not adversarial and self._learns(no_grad_layers)
        forward = self.module if learns else self.head
        with compiling() if self.compiled else contextlib.nullcontext(), self.amp.cast():
            outputs: tuple[list[Tensor], list[Tensor]] = forward(x, *arguments)
            return outputs

    def _learns(self, no_grad_layers: frozenset[int]) -> bool:
        """Whether any tensor gets a gradient."""
        teaching = [index for index in self.owners if index not in self._silent]
        reached = reached_layers(self.network.graph, teaching, no_grad_layers)
        return any(t.requires_grad for index in reached for t in self.network.own(index).values())

    def _loss(
        self,
        index: int,
        into: Tensor,
        output: Tensor,
        truth: Tensor,
        moment: Moment,
        adversarial: bool,
    ) -> PendingLoss:
        graph = self.resized.graph
        layer, size = graph.nodes[index].layer, (graph.net.width, graph.net.height)
        one = LossInput(
            layer,
            into.detach().float(),
            output.detach().float(),
            truth,
            size,
            graph.fork,
            moment.seen,
            moment.generator,
            graph.context(index),
            None if adversarial else self._reject(moment),
            adversarial,
        )
        with torch.no_grad():
            return LOSSES[type(layer)](one)

    def _reject(self, moment: Moment) -> Callable[[Tensor, int], Tensor] | None:
        if self.rejection is None:
            return None
        return partial(self.rejection, completed=moment.completed)

    def _scaled(self, index: int, delta: Tensor) -> Tensor:
        """What a layer passes back: a detection head may weigh its delta."""
        graph = self.network.graph
        layer = graph.nodes[index].layer
        return delta * layer.delta_scale(graph.fork) if isinstance(layer, Head) else delta


def owners(network: Network) -> tuple[int, ...]:
    """The layers that have a loss. Raises DarknetError where there is none."""
    graph = network.graph
    found = tuple(node.index for node in graph.nodes if type(node.layer) in LOSSES)
    if not found:
        last = graph.nodes[graph.last].layer.kind
        raise DarknetError(
            f"{graph.path}: nothing to learn: no layer has a loss, it ends in [{last}]"
        )
    return found
