"""[net]: input size, batching, optimiser, learning-rate policy, augmentation; the first section."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from darknet_py.cfg.options import option, read_options
from darknet_py.cfg.text import Section
from darknet_py.errors import BadOption, CfgError, Problems
from darknet_py.layers.printed import Printed, told_defaults
from darknet_py.layers.shape import Shape

POLICIES = ("constant", "step", "steps", "exp", "poly", "random", "sigmoid", "sgdr")
MOST_IMAGES, MOST_STEPS = 100_000, 10_000
"""Limits against hostile files: of an update, and of a sequence."""
_NEVER_READ = "neither fork reads it"
_CUDA_MEMORY = "it tunes the memory of the CUDA program and changes no number"


@dataclass(frozen=True, kw_only=True)
class Net:
    """The options of [net]; `height`, `width`, `channels` or `inputs` set the input."""

    KIND: ClassVar[str] = "net"
    NO_EFFECT: ClassVar[Mapping[str, str]] = {
        "seen": f"{_NEVER_READ}: the weights file holds the images seen",
        "max_epochs": f"{_NEVER_READ}: max_batches ends training",
        "notruth": "pjreddie's program reads it and never uses it",
        "optimized_memory": _CUDA_MEMORY,
        "workspace_size_limit_MB": _CUDA_MEMORY,
        "use_cuda_graph": _CUDA_MEMORY,
        "show_receptive_field": "`summary` always shows it",
    }

    TOLD: ClassVar[Mapping[str, str]] = {
        "max_batches": "{0.max_batches}",
        "batch": "{0.batch}",
        "learning_rate": "{0.learning_rate:f}",
        "momentum": "{0.momentum:f}",
        "decay": "{0.decay:f}",
        "subdivisions": "{0.subdivisions}",
    }
    """options whose defaults Darknet names: key -> a format of [net]."""
    ADAM_TOLD: ClassVar[Mapping[str, str]] = {"B1": "{0.B1:f}", "B2": "{0.B2:f}", "eps": "0.000001"}
    POLICY_TOLD: ClassVar[Mapping[str, Mapping[str, str]]] = {
        "step": {"step": "{0.step}", "scale": "{0.scale:f}"},
        "exp": {"gamma": "{0.gamma:f}"},
        "sigmoid": {"gamma": "{0.gamma:f}", "step": "{0.step}"},
    }

    section: Section

    batch: int = option(1, high=MOST_IMAGES)
    subdivisions: int = option(1, low=1, high=MOST_IMAGES)
    time_steps: int = option(1, high=MOST_STEPS)
    height: int = option(0)
    width: int = option(0)
    channels: int = option(0)
    inputs: int = option(0)
    max_batches: int = option(0)

    learning_rate: float = option(0.001)
    learning_rate_min: float = option(0.00001)
    momentum: float = option(0.9)
    decay: float = option(0.0001)
    burn_in: int = option(0)
    power: float = option(4.0)
    policy: str = option("constant", words=POLICIES)
    step: int = option(1)
    scale: float = option(1.0)
    gamma: float = option(1.0)
    steps: tuple[int, ...] = option(())
    scales: tuple[float, ...] = option(())
    seq_scales: tuple[float, ...] = option(())
    sgdr_cycle: int | None = option(None)
    sgdr_mult: int = option(2)

    adam: int = option(0)
    B1: float = option(0.9)
    B2: float = option(0.999)
    eps: float | None = option(None)
    clip: float = option(0.0)
    loss_scale: float = option(1.0)
    try_fix_nan: int = option(0)
    dynamic_minibatch: int = option(0)
    ema_alpha: float = option(0.0)
    weights_reject_freq: int = option(0)
    equidistant_point: int = option(0)
    badlabels_rejection_percentage: float = option(0.0)
    num_sigmas_reject_badlabels: float = option(0.0)
    sequential_subdivisions: int | None = option(None)
    track: int = option(0)
    augment_speed: int = option(2)
    adversarial_lr: float = option(0.0)
    attention: int = option(0)
    contrastive: int = option(0)
    contrastive_jit_flip: int = option(0)
    contrastive_color: int = option(0)
    unsupervised: int = option(0)

    angle: float = option(0.0)
    aspect: float = option(1.0)
    saturation: float = option(1.0)
    exposure: float = option(1.0)
    hue: float = option(0.0)
    max_crop: int | None = option(None)
    min_crop: int | None = option(None)
    max_ratio: float | None = option(None)
    min_ratio: float | None = option(None)
    center: int = option(0)
    flip: int = option(1)
    blur: int = option(0)
    gaussian_noise: int = option(0)
    mixup: int = option(0)
    cutmix: int = option(0)
    mosaic: int = option(0)
    mosaic_bound: int = option(0)
    letter_box: int = option(0)
    label_smooth_eps: float = option(0.0)
    resize_step: float = option(32.0)
    random: float = option(0.0)
    max_chart_loss: float = option(20.0)

    def announced(self) -> Iterator[Printed]:
        """What both programs remark on defaults as they read [net]."""
        adam = self.ADAM_TOLD if self.adam else {}
        told = {**self.TOLD, **adam, "policy": "{0.policy}"}
        told |= self.POLICY_TOLD.get(self.policy, {})
        yield from told_defaults(self.section, told, self)

    @property
    def mini_batch(self) -> int:
        """Images of a pass, or of each of its steps."""
        return max(1, self.batch // self.subdivisions)

    @property
    def is_dynamic(self) -> bool:
        """Whether smaller inputs may come in larger mini-batches. Sequences keep their number:
        they would no longer be those of AlexeyAB's layers, which have memory for fewer."""
        return bool(self.dynamic_minibatch) and self.time_steps == 1 and not self.track

    @property
    def step_images(self) -> int:
        """Images of one optimiser step: batch in whole subdivisions, times time_steps."""
        return max(1, self.batch // self.subdivisions) * self.time_steps * self.subdivisions

    @property
    def input(self) -> Shape:
        """What the first layer reads: an image, or a vector of `inputs` values."""
        if self.height and self.width and self.channels:
            return Shape(self.channels, self.height, self.width)
        return Shape(self.inputs, 1, 1)


def read_net(section: Section, problems: Problems, **overrides: int | None) -> Net:
    """The [net] section; overrides: values of its options that count instead, where not None."""
    if section.name not in ("net", "network"):
        message = "is the first section, expected [net]: it sets the input and the training"
        raise CfgError(message, section.location())
    values = read_options(Net, section, problems)
    values |= {key: value for key, value in overrides.items() if value is not None}
    net = Net(section=section, **values)
    _check_sizes(net)
    _check_policy(net, problems)
    _check_attention(net, problems)
    if net.dynamic_minibatch and net.time_steps > 1 and not net.track:
        message = "no effect with time_steps: sequences keep their number"
        problems.warn(net.section.location("dynamic_minibatch"), message)
    return net


def _check_sizes(net: Net) -> None:
    for key in ("height", "width", "channels", "inputs"):
        value: Any = getattr(net, key)
        if value < 0:
            raise BadOption(f"read {value}, expected at least 1", net.section.location(key))
    if not net.input.size:
        missing = [key for key in ("width", "height", "channels") if not getattr(net, key)]
        cure = f"set {', '.join(missing)} (or inputs= for a net of vectors)"
        raise CfgError(f"the input has no size: {cure}", net.section.location())
    if net.time_steps < 1:
        message = f"read {net.time_steps}, expected at least 1"
        raise BadOption(message, net.section.location("time_steps"))


def _check_policy(net: Net, problems: Problems) -> None:
    if net.policy != "steps":
        return
    if not net.steps or not net.scales:
        missing = "steps" if not net.steps else "scales"
        message = f"policy=steps needs {missing}= as well"
        problems.fail(BadOption(message, net.section.location("policy")))
    elif len(net.scales) < len(net.steps):
        # The C programs read past the end of the text here.
        message = (
            f"{len(net.scales)} values for {len(net.steps)} steps; the missing ones count as 1"
        )
        problems.warn(net.section.location("scales"), message)


def _check_attention(net: Net, problems: Problems) -> None:
    if net.attention and not net.adversarial_lr:
        message = "no effect without adversarial_lr, whose passes it shows"
        problems.warn(net.section.location("attention"), message)
