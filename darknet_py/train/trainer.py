"""`Trainer`: one optimiser step as Darknet takes it, sub-batch by sub-batch."""

from __future__ import annotations

import contextlib
import random
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.parallel import DistributedDataParallel

from darknet_py.distributed.context import DistributedContext
from darknet_py.engines.cuda_graphs import float32_arithmetic
from darknet_py.engines.native.training import TrainingConvolutions
from darknet_py.errors import DarknetError
from darknet_py.layers.net import Net
from darknet_py.layers.torch_kernels import Convolve, convolve
from darknet_py.losses.delta_rejection import DeltaRejection
from darknet_py.network.network import Network, torch_seed
from darknet_py.network.sequence_parts import sequence_passes
from darknet_py.network.weights_header import Header
from darknet_py.train.adversarial import AdversarialView, adversarial_step, require_end
from darknet_py.train.amp import TYPES, Precision
from darknet_py.train.device_memory import is_out_of_memory, release_memory
from darknet_py.train.freezing import statistics_only
from darknet_py.train.loss_error import LossError, Losses, not_finite
from darknet_py.train.nan_repair import repairs
from darknet_py.train.optimizer import Optimizer, StepInfo
from darknet_py.train.schedule import rate, require_policy
from darknet_py.train.sequence_memory import SequenceMemory
from darknet_py.train.similar_filters import is_due, restart_similar_filters
from darknet_py.train.sub_batch import Moment, SubBatchPass

Array = NDArray[Any]


@dataclass
class Trainer:
    """Trains a network in place with the batch, policy and optimiser of its [net] section.

    seed: what is random in a step depends on it and on the step's number alone. precision: fp32,
    bf16, fp16, or tf32: products and convolutions of fp32 as CUDA rounds them to be faster.
    compiled: run the network through torch.compile. sync_batchnorm: batch statistics over all
    processes of a distributed training. updates_per_step: what a step counts for, which also
    multiplies the learning rate: Darknet's `-gpus` with n devices counts n. watch: called with the
    losses of each sub-batch, watch_adversarial before one whose images adversarial_lr moves, with
    the rate they move by. exact: on a CPU fp32 sums as direct convolutions make them, without
    Winograd's fewer products. losses: those of the last sub-batch. taken: images of the last step.

    In a torch.distributed process group each process gives its own batch, and all move alike.
    """

    network: Network
    seed: int = 0
    precision: str = "fp32"
    compiled: bool = False
    sync_batchnorm: bool = False
    updates_per_step: int = 1
    watch: Callable[[Losses], None] | None = None
    exact: bool = False
    optimizer: Optimizer = field(init=False)
    watch_adversarial: Callable[[float], None] | None = field(init=False, default=None)
    losses: Losses = field(init=False, default_factory=dict)
    rate: float = field(init=False, default=0.0)
    taken: int = field(init=False)
    _refused: LossError | None = field(init=False, default=None)

    def __post_init__(self) -> None:
        graph = self.network.graph
        if self.network.folded:
            raise DarknetError(
                "batch normalisation is folded in; train the network it was made from"
            )
        if any(tensor.is_inference() for tensor in self.network.state_dict().values()):
            raise DarknetError("made under torch.inference_mode, whose tensors cannot be trained")
        require_policy(graph.net)
        require_end(graph.net, graph.fork)
        self.distributed = DistributedContext.here()
        with torch.inference_mode(False):
            self.network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
            self.optimizer = Optimizer(self.network)
        self.amp = Precision(self.precision, self._device, graph.net.loss_scale)
        self.subdivisions = graph.net.subdivisions
        self.taken = self.images
        self.batch = self._seen * self.updates_per_step // (self.images * self.distributed.world)
        self._pass = SubBatchPass(
            self.network,
            self.amp,
            self._convolve,
            self.distributed.world,
            self.compiled,
            self.sync_batchnorm,
        )
        self._fixed = max(self._pass.freeze_before, statistics_only(graph))

    @property
    def _convolve(self) -> Convolve:
        full = TYPES[self.precision] is None
        ours = full and not self.exact and not self.compiled and self._device.type == "cpu"
        return TrainingConvolutions() if ours else convolve

    @property
    def owners(self) -> tuple[int, ...]:
        """The layers that have a loss."""
        return self._pass.owners

    @property
    def rejection(self) -> DeltaRejection | None:
        """What [yolo] heads leave out by thresholds that roll on from step to step."""
        return self._pass.rejection

    @property
    def resized(self) -> Network:
        """The network at the size of the images, with the same tensors."""
        return self._pass.resized

    @property
    def adversarial_view(self) -> AdversarialView | None:
        """With attention=1 of [net], of the last sub-batch whose images adversarial_lr moved."""
        return self._pass.view

    @property
    def images(self) -> int:
        """Images of one optimiser step in this process, as [net] has them."""
        return step_images(self.network.graph.net)

    @property
    def mini_batch(self) -> int:
        """Images of one sub-batch of the last step."""
        return self.taken // self.subdivisions

    @property
    def _dynamic(self) -> bool:
        graph = self.network.graph
        return graph.net.is_dynamic and graph.fork.samples.dynamic_minibatch

    @property
    def _passes(self) -> int:
        """Sub-batches of a sequence in the update at hand."""
        graph = self.network.graph
        return sequence_passes(graph.net, graph.fork, self.batch - self.updates_per_step)

    @property
    def _seen(self) -> int:
        return self.network.header.seen

    @property
    def _device(self) -> torch.device:
        return next(self.network.parameters()).device

    def resize(self, width: int, height: int) -> None:
        """Take images of another size from now on; the weights are the same tensors."""
        self._pass.resize(width, height)

    def step(self, images: Tensor | Array, truth: Tensor | Array) -> float:
        """One optimiser step over `images` (batch, C, H, W) and `truth` (batch, truths).

        images: floats in [0, 1], or uint8; with dynamic_minibatch as many as subdivisions of [net]
        divides, which count as `batch` images in the weights file. truth is laid out as the C
        programs' l.truths: boxes of x y w h class [track] padded with zeros for detection heads,
        cells for [detection], one number per class for classifiers.
        Returns Darknet's loss: cost summed over heads / heads, averaged over subdivisions.
        Raises DarknetError for images or truths of a wrong number or width, LossError for a loss
        that is not finite, without try_fix_nan: then all is as before the step, batch statistics
        included. Tensors with requires_grad=False stay as they are; batch statistics move, as in
        torch.
        """
        # A mode the caller is in, no_grad or inference_mode, is none of training.
        tf32 = self.precision == "tf32"
        with torch.inference_mode(False), torch.enable_grad(), float32_arithmetic(tf32):
            return self._step(torch.as_tensor(images), torch.as_tensor(truth).float())

    def _step(self, images: Tensor, truth: Tensor) -> float:
        self._check(images, truth)
        self.taken = len(images)
        self.network.train()
        self.resized.train()
        with self._undone_on_error():
            self.batch += self.updates_per_step
            cost = self._learn_all(images, truth)
        summed = self.taken * self.distributed.world * self._passes
        info = StepInfo(self.rate, self.batch, summed, self._fixed)
        # DistributedDataParallel hands out the mean over processes; Darknet's updates are sums.
        self.amp.step(self.optimizer, info, float(self.distributed.world))
        self._restart_filters()
        self._count(self.images * self.distributed.world)
        return cost

    @property
    def _rolling(self) -> list[Tensor]:
        """What the sub-batches of a step leave behind beside gradients."""
        rejection = self.rejection
        return [*self.network.buffers(), *([rejection.state] if rejection else [])]

    @contextlib.contextmanager
    def _undone_on_error(self) -> Iterator[None]:
        """A step that is refused has not been: its count, its gradients, its batch statistics."""
        batch, self._statistics = self.batch, [t.clone() for t in self._rolling]
        try:
            yield
        except BaseException:
            self.batch = batch
            self._undo()
            raise

    @torch.no_grad()
    def _undo(self) -> None:
        """Take back what the sub-batches of this step have left so far."""
        self.optimizer.clear()
        for tensor, before in zip(self._rolling, self._statistics, strict=True):
            tensor.copy_(before)

    @contextlib.contextmanager
    def _seeded(self) -> Iterator[None]:
        """Seeds dropout and all else that is random in this step, whatever ran before it."""
        number = (torch_seed(self.seed) * 1_000_003 + self.batch) * 1009 + self.distributed.rank
        devices = [self._device] if self._device.type == "cuda" else []
        self.rate = rate(
            self.network.graph.net, self.batch, random.Random(number), self.updates_per_step
        )
        self._coins = random.Random(f"adversarial {number}")
        # The few numbers that losses draw are drawn on the host, alike on all devices.
        self._generator = torch.Generator().manual_seed(number)
        with torch.random.fork_rng(devices):
            torch.manual_seed(number)
            yield

    def _learn_all(self, images: Tensor, truth: Tensor) -> float:
        """All sub-batches; twice as many from now on where the device's memory is too small."""
        while True:
            try:
                with self._seeded():
                    return self._learn_parts(images, truth)
            except RuntimeError as error:
                if not is_out_of_memory(error):
                    raise
                self._undo()
                # Of a sequence in time-major rows a half would be other streams.
                sequence = self.network.graph.net.time_steps > 1 or self._passes > 1
                odd = self.mini_batch % 2 and not (self._dynamic and self.mini_batch > 1)
                if odd or self.distributed.world > 1 or sequence:
                    what = "time_steps" if sequence else "width and height"
                    raise DarknetError(
                        f"out of memory with {self.mini_batch} inputs at once, which cannot be "
                        f"halved; make {what}, or batch, smaller"
                    ) from None
                self.subdivisions *= 2
            release_memory(self._device)

    def _learn_parts(self, images: Tensor, truth: Tensor) -> float:
        count = min(self.subdivisions, len(images))
        parts = list(zip(images.tensor_split(count), truth.tensor_split(count), strict=True))
        costs: list[float] = []
        self._refused = None
        self._pass.memory = SequenceMemory(self.network.graph, self._passes)
        seen = self._seen
        for number, (x, t) in enumerate(parts, start=1):
            seen += len(x) * self.distributed.world
            with self._exchange(last=number == len(parts)):
                costs.append(self._learn(x, t, self._moment(seen, number)))
        return self._mean(sum(costs) / len(costs))

    def _mean(self, cost: float) -> float:
        """Over all processes. Raises LossError where in any of them a loss is not finite."""
        refused = self._refused is not None
        mean, refused = self.distributed.mean_and_any(cost, refused, self._device)
        if refused:
            raise self._refused or self._loss_error(cost)
        return mean

    def _exchange(self, last: bool) -> AbstractContextManager[Any]:
        """Gradients go between processes once, with the last sub-batch."""
        module = self._pass.module
        if last or not isinstance(module, DistributedDataParallel):
            return contextlib.nullcontext()
        return module.no_sync()

    def _check(self, images: Tensor, truth: Tensor) -> None:
        count, parts = len(images), self.network.graph.net.subdivisions
        fits = count > 0 and not count % parts if self._dynamic else count == self.images
        if not fits or len(truth) != count:
            expected = f"a multiple of {parts}" if self._dynamic else self.images
            message = f"{count} images and {len(truth)} truths, expected {expected} of each"
            raise DarknetError(f"{message} (batch of [net])")
        self._pass.check_truth(truth)

    def _learn(self, images: Tensor, truth: Tensor, moment: Moment) -> float:
        """Forward and backward of a sub-batch: the deltas are the gradients, not the cost's own."""
        self.losses = self._pass.run(images, truth, moment)
        cost = sum(loss.cost for loss in self.losses.values()) / len(self.losses)
        if self.watch:
            self.watch(self.losses)
        if not (np.isfinite(cost) or repairs(self.network.graph)):
            self._refuse(cost)
        return cost

    def _moment(self, seen: int, part: int) -> Moment:
        graph, completed = self.network.graph, self.batch - self.updates_per_step
        adversarial = adversarial_step(graph.net, graph.fork, completed, self._coins)
        if adversarial and self.watch_adversarial:
            self.watch_adversarial(adversarial.rate)
        return Moment(self.batch, seen, self._generator, completed, part, adversarial)

    def _refuse(self, cost: float) -> None:
        """For a loss that is not finite: at once, but at the step's end where others go along."""
        self._refused = self._refused or self._loss_error(cost)
        if self.distributed.world == 1:
            raise self._refused

    def _loss_error(self, cost: float) -> LossError:
        boxes = self.network.graph.head_classes is not None
        return not_finite(self.batch, cost, self.losses, boxes)

    def _restart_filters(self) -> None:
        completed = self.batch - self.updates_per_step + 1
        if is_due(self.network.graph, completed):
            number = torch_seed(self.seed) * 1_000_003 + self.batch
            generator = torch.Generator().manual_seed(number)
            restart_similar_filters(self.network, generator, self._fixed)

    def _count(self, images: int) -> None:
        fork = self.network.graph.fork
        self.network.header = Header(0, 2, fork.weights.revision, self._seen + images)


def step_images(net: Net) -> int:
    """Images of one optimiser step."""
    return net.step_images
