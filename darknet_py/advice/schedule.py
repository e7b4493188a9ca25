"""How long to train, and what may not be mirrored: AlexeyAB's rules for a data set."""

from __future__ import annotations

import re
from collections.abc import Iterable

from darknet_py.layers.net import Net

BATCHES_PER_CLASS, LEAST_BATCHES = 2000, 6000
DROPS = (8, 9)
"""Tenths of the training after which the learning rate falls."""
DROP_SCALE = "0.1"
BATCH = 64
LEAST_BATCH = 32
"""Below it a cfg is one for detection: AlexeyAB's programs ship with batch=1 in comments."""
ENOUGH_IMAGES = 2000
"""Of each class, AlexeyAB's advice."""
_SIDES = re.compile(r"(?<![a-z])(left|right)(?![a-z])", re.IGNORECASE)
_SIGNED = re.compile(r"(?<![a-z])([lr])(?![a-z])", re.IGNORECASE)


def batches_for(classes: int, images: int) -> int:
    """max_batches: 2000 a class, at least 6000, and at least one for each image of train=."""
    return max(BATCHES_PER_CLASS * classes, LEAST_BATCHES, images)


def usual_batch(batch: int) -> int:
    """The batch of a cfg, 64 where it has one that is too small to learn from."""
    return batch if batch >= LEAST_BATCH else BATCH


def schedule_options(net: Net, max_batches: int) -> dict[str, str]:
    """The options of [net] that end a training after so many updates.

    policy=steps falls at 80 and 90 %; what a cfg has to warm up, steps whose scale raises the rate
    and those before them, stays. Other policies go by max_batches, or keep what they have.
    """
    options = {"max_batches": str(max_batches)}
    if net.policy != "steps":
        return options
    raising = [number for number, scale in enumerate(net.scales) if scale > 1]
    kept = raising[-1] + 1 if raising else 0
    steps = [*map(str, net.steps[:kept]), *(str(max_batches * tenth // 10) for tenth in DROPS)]
    scales = [*(f"{scale:g}" for scale in net.scales[:kept]), *[DROP_SCALE] * len(DROPS)]
    options["steps"] = ",".join(steps)
    if len(scales) != len(net.scales):
        options["scales"] = ",".join(scales)
    return options


def sided_names(names: Iterable[str]) -> list[str]:
    """Class names that say left or right: an image and its mirror image are different things.

    A single l or r counts where its other half is there too: "lane_l" and "lane_r".
    """
    known = list(names)
    letters = {match.group(1).lower() for name in known for match in _SIGNED.finditer(name)}
    patterns = [_SIDES, _SIGNED] if letters == {"l", "r"} else [_SIDES]
    return [name for name in known if any(pattern.search(name) for pattern in patterns)]
