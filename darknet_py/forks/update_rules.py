"""What may differ between the two Darknet programs where training moves the weights."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class UpdateRules:
    """Which weights a training moves, and how."""

    freezes: bool
    """stopbackward=1 keeps all earlier layers as they are, and onlyforward passes no gradient;
    otherwise earlier layers get no gradient but still momentum and decay."""
    stopbackward_counts: bool
    """stopbackward=N of 2 and more lets no gradient pass before N updates have been made; otherwise
    never, as 1."""
    holds_layers: bool
    """dont_update, burnin_update and train_only_bn hold layers back; otherwise they do nothing."""
    clips_layers: bool
    """each [convolutional] and [implicit] reads clip, the largest magnitude of its weights;
    otherwise [net] does, for all [convolutional]."""
    adam_kinds: frozenset[str]
    """kinds of sections that adam=1 moves by Adam; the others are moved with momentum."""
    adam_counts_run: bool
    """Adam corrects its moments, which no .weights file holds, by the updates of the training;
    otherwise by those that the weights have seen in all."""
    adversarial: bool
    """adversarial_lr of [net] moves images to where their objects are lost before they are learnt,
    in half of all sub-batches; otherwise it is not read."""
    smooths: bool
    """smooth= of [convolutional] pulls each of its outputs towards its neighbours; otherwise only
    [cost] reads it."""
    adam_epsilon: float
    """default of `eps`: what Adam adds to the root of the second moment, in training."""
    kernel_options: bool
    """[convolutional] is moved as grad_centr, reverse and sway, rotate, stretch or stretch_sway
    ask for; otherwise they do nothing."""
