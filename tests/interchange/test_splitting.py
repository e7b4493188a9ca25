"""Which images are for validation."""

from __future__ import annotations

import random
from collections import Counter

import pytest

from darknet_py.errors import DataError
from darknet_py.interchange.splitting import FOLDER, split_images


def drawn(count: int, seed: int = 1) -> list[tuple[str, list[int]]]:
    """Class 0 in most images, class 4 in one of forty; one in ten shows nothing."""
    rng = random.Random(seed)
    rates = (0.6, 0.3, 0.2, 0.1, 0.025)
    images = []
    for number in range(count):
        shown = [label for label, rate in enumerate(rates) if rng.random() < rate]
        images.append((f"f{number % 7}/{number:04d}.jpg", [] if number % 10 == 0 else shown))
    return images


def shown(images: list[tuple[str, list[int]]], paths: list[str]) -> Counter[int]:
    classes = dict(images)
    return Counter(label for path in paths for label in classes[path])


def test_shares_are_exact_and_every_class_has_its_own() -> None:
    images = drawn(400)
    lists = split_images(images, 5, {"train": 0.7, "valid": 0.2, "test": 0.1}, seed=3)
    assert {name: len(paths) for name, paths in lists.items()} == {
        "train": 280, "valid": 80, "test": 40,
    }  # fmt: skip
    assert sorted(sum(lists.values(), [])) == [path for path, _ in sorted(images)]
    total = shown(images, [path for path, _ in images])
    for name, share in (("valid", 0.2), ("test", 0.1)):
        got = shown(images, lists[name])
        assert all(abs(got[label] - total[label] * share) <= 1.5 for label in range(5)), (name, got)


def test_a_plain_draw_is_worse() -> None:
    """What the test above would see without the rule."""
    images = drawn(400)
    rng = random.Random(3)
    paths = rng.sample([path for path, _ in images], 80)
    total, got = shown(images, [path for path, _ in images]), shown(images, paths)
    assert max(abs(got[label] - total[label] * 0.2) for label in range(5)) > 1.5


def test_the_seed_decides() -> None:
    images = drawn(60)
    first, again, other = (
        split_images(images, 5, {"train": 1, "valid": 1}, seed=seed) for seed in (1, 1, 2)
    )
    assert first == again != other
    assert [*first["train"]] == sorted(first["train"], key=[p for p, _ in images].index)


@pytest.mark.parametrize(
    ("group", "key"),
    [
        ("folder", lambda path: path.split("/")[0]),
        (r"(\d\d\d)\d\.jpg", lambda path: path.split("/")[1][:3]),
        (r"\d\d\d(?=\d\.)", lambda path: path.split("/")[1][:3]),
    ],
)
def test_groups_stay_together(group: str, key: object) -> None:
    images = drawn(210)
    lists = split_images(images, 5, {"train": 0.8, "valid": 0.2}, seed=0, group=group)
    keys = {name: {key(path) for path in paths} for name, paths in lists.items()}  # type: ignore[operator]
    assert not keys["train"] & keys["valid"]
    assert 0.1 < len(lists["valid"]) / len(images) < 0.34


def test_images_that_no_rule_fits_are_groups_of_their_own() -> None:
    images = [(f"{number}.jpg", [0]) for number in range(10)]
    lists = split_images(images, 1, {"train": 0.5, "valid": 0.5}, seed=0, group="x(.)")
    assert [len(paths) for paths in lists.values()] == [5, 5]


def test_one_split_and_none() -> None:
    images = drawn(9)
    lists = split_images(images, 5, {"train": 1.0, "valid": 0.0, "test": 0.0}, seed=0)
    assert [len(paths) for paths in lists.values()] == [9, 0, 0]
    with pytest.raises(DataError, match="the shares of the splits are all 0"):
        split_images(images, 5, {"train": 0.0}, seed=0)
    with pytest.raises(DataError, match="nothing is left for valid: 1 groups of images, the larg"):
        split_images([("a", [0]), ("b", [0])], 1, {"train": 0.8, "valid": 0.2}, 0, FOLDER)
    assert split_images([], 2, {"train": 1.0, "valid": 1.0}, seed=0) == {"train": [], "valid": []}
