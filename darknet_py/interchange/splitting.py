"""Which images are for validation: shares of each class alike, groups kept together.

The rule is iterative stratification (Sechidis, Tsoumakas, Vlahavas 2011), on groups of images: the
class with the fewest groups left is dealt out first, each to the split that lacks it most.
"""

from __future__ import annotations

import os
import random
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from darknet_py.errors import DataError

FOLDER = "folder"
"""A group for the images of each folder."""


@dataclass
class _Room:
    """What a split still lacks: images, and groups that show each class."""

    images: float
    shows: list[float]


def split_images(
    images: Sequence[tuple[str, Sequence[int]]],
    classes: int,
    shares: Mapping[str, float],
    seed: int,
    group: str | None = None,
) -> dict[str, list[str]]:
    """The paths of each split, in the order given. The same seed splits alike.

    images: path and classes of each image's boxes. shares: of the images, by split, at least 0,
    their sum is taken as the whole. group: FOLDER, or a regular expression whose first group (or
    whole match) in a path images of one group have in common. None: each image for itself.

    Raises DataError for an expression that is none, for shares that are all 0, and where a split
    of a share above 0 gets no image.
    """
    total = sum(shares.values())
    if total <= 0:
        raise DataError("the shares of the splits are all 0; give --valid a share above 0")
    groups = _groups([path for path, _ in images], group)
    shown = [sorted({label for n in members for label in images[n][1]}) for members in groups]
    rooms = {
        name: _Room(
            len(images) * share / total,
            [sum(label in one for one in shown) * share / total for label in range(classes)],
        )
        for name, share in shares.items()
    }
    chosen = _dealt(groups, shown, classes, rooms, random.Random(seed))
    split_of = {n: chosen[g] for g, members in enumerate(groups) for n in members}
    lists: dict[str, list[str]] = {name: [] for name in shares}
    for number, (path, _) in enumerate(images):
        lists[split_of[number]].append(path)
    _require_all(lists, shares, groups)
    return lists


def _require_all(
    lists: Mapping[str, list[str]], shares: Mapping[str, float], groups: list[list[int]]
) -> None:
    """Raises DataError for a split that was asked for and gets nothing."""
    without = [name for name, paths in lists.items() if shares[name] > 0 and not paths]
    if without and groups:
        largest = max(map(len, groups))
        message = f"nothing is left for {without[0]}: {len(groups)} groups of images, the largest"
        raise DataError(f"{message} of {largest}; take larger shares, or another --group")


def _groups(paths: Sequence[str], group: str | None) -> list[list[int]]:
    """Numbers of the images that stay together."""
    try:
        rule = None if group in (None, FOLDER) else re.compile(group or "")
    except re.error as failure:
        raise DataError(f"--group: read '{group}', no regular expression: {failure}") from None
    found: dict[str, list[int]] = {}
    for number, path in enumerate(paths):
        found.setdefault(_key(path, group, rule), []).append(number)
    return list(found.values())


def _key(path: str, group: str | None, rule: re.Pattern[str] | None) -> str:
    if group == FOLDER:
        return os.path.dirname(path)
    match = rule.search(path) if rule else None
    if match is None:
        return path
    return match.group(1) or "" if match.re.groups else match.group()


def _dealt(
    groups: list[list[int]],
    shown: list[list[int]],
    classes: int,
    rooms: dict[str, _Room],
    rng: random.Random,
) -> list[str]:
    """The split of each group."""
    left: list[set[int]] = [set() for _ in range(classes)]
    for number, labels in enumerate(shown):
        for label in labels:
            left[label].add(number)
    chosen = [""] * len(groups)
    while any(left):
        label = min((one for one in range(classes) if left[one]), key=lambda one: len(left[one]))
        for number in _shuffled(left[label], groups, rng):
            chosen[number] = _take(rooms, label, len(groups[number]), shown[number], rng)
            for other in shown[number]:
                left[other].discard(number)
    for number in _shuffled({n for n, name in enumerate(chosen) if not name}, groups, rng):
        chosen[number] = _take(rooms, None, len(groups[number]), shown[number], rng)
    return chosen


def _shuffled(numbers: set[int], groups: list[list[int]], rng: random.Random) -> list[int]:
    """Large groups first: small ones fill what is left."""
    order = sorted(numbers)
    rng.shuffle(order)
    return sorted(order, key=lambda number: -len(groups[number]))


def _take(
    rooms: dict[str, _Room], label: int | None, images: int, shown: list[int], rng: random.Random
) -> str:
    """The split that lacks the class most among those with room, and what it lacks then."""
    open_rooms = [name for name, room in rooms.items() if room.images >= images / 2] or [*rooms]

    def lack(name: str) -> tuple[float, float, float]:
        room = rooms[name]
        return room.shows[label] if label is not None else 0, room.images, rng.random()

    best = max(open_rooms, key=lack)
    rooms[best].images -= images
    for one in shown:
        rooms[best].shows[one] -= 1
    return best
