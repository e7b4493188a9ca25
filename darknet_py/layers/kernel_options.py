"""The options of [convolutional] that say how AlexeyAB's program moves kernels in training."""

from __future__ import annotations

from dataclasses import dataclass

from darknet_py.cfg.options import option
from darknet_py.errors import Problems
from darknet_py.forks import Fork
from darknet_py.layers.base import Layer, LayerContext
from darknet_py.layers.kernel_rule import CENTRED, KernelRule
from darknet_py.layers.net import Net

MOST_DEGREES = 36000.0


@dataclass(frozen=True, kw_only=True)
class KernelOptions(Layer):
    """A layer that has kernels (F, C, S, S)."""

    sway: int = option(0)
    rotate: int = option(0)
    stretch: int = option(0)
    stretch_sway: int = option(0)
    angle: float = option(15.0, low=-MOST_DEGREES, high=MOST_DEGREES)
    grad_centr: int = option(0)
    reverse: float = option(0.0)

    @property
    def _deformations(self) -> list[str]:
        words = ("sway", "rotate", "stretch", "stretch_sway")
        return [key for key in words if getattr(self, key)]

    def weight_limit(self, fork: Fork, net: Net) -> float:
        return self.clip if fork.update.clips_layers else net.clip

    def moved_by(self, fork: Fork, normalized: bool) -> KernelRule:
        """normalized: the layer has batch normalisation, without which nothing is centred."""
        if not fork.update.kernel_options:
            return KernelRule()
        return KernelRule(
            deformation="".join(self._deformations),
            angle=int(self.angle),
            centred=bool(self.grad_centr and normalized),
            reverse=self.reverse,
        )

    def require_deformation(self, size: int) -> None:
        """Raises ShapeError for kernels (..., size, size) that cannot be deformed so."""
        used = self._deformations
        if len(used) > 1:
            raise self.shape_error(f"only one of {', '.join(used)} may be set", used[1])
        if used and size == 1:
            raise self.shape_error("needs a kernel of size 3 or more", used[0])

    def check_kernels(
        self, ctx: LayerContext, rule: KernelRule, kernels: int, fan_in: int, problems: Problems
    ) -> None:
        """kernels: filters times the channels each reads. fan_in: the weights of a filter."""
        for key, reason in self._without_effect(ctx, rule, fan_in).items():
            if getattr(self, key):
                problems.note(self.location(key), f"no effect: {reason}")
        if message := rule.not_in_stages(kernels):
            problems.warn(self.location(rule.deformation), message)

    def _without_effect(self, ctx: LayerContext, rule: KernelRule, fan_in: int) -> dict[str, str]:
        """Options and why they change nothing."""
        if not ctx.fork.update.kernel_options:
            reason = f"{ctx.fork.name}'s program does not read it"
            return dict.fromkeys((*self._deformations, "grad_centr", "reverse"), reason)
        reasons = {"reverse": "not with adam=1"} if ctx.net.adam else {}
        if not rule.centred:
            reasons["grad_centr"] = "only with batch_normalize=1"
        elif fan_in % CENTRED:
            size = f"a multiple of {CENTRED} weights; these have {fan_in}"
            reasons["grad_centr"] = f"AlexeyAB's program centres filters of {size}"
        return reasons
