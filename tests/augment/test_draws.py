"""Random numbers by what they are for: what the two samples of a pair have in common."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.coloured_samples import graph

from darknet_py.augment.draws import Pairing, draws_of
from darknet_py.errors import BadOption

PLACES = ("images", "places", "colors", "other")
NET = "batch=2\ncontrastive=1\n"


def numbers(pairing: Pairing | None, number: int) -> dict[str, list[float]]:
    """Two numbers of each generator, which are each asked in turn."""
    draws = draws_of(pairing, 5, number)
    return {place: [getattr(draws, place).random() for _ in range(2)] for place in PLACES}


@pytest.mark.parametrize(
    ("net", "alike"),
    [
        (NET, {"images", "places", "colors"}),
        (NET + "contrastive_jit_flip=1", {"images", "colors"}),
        (NET + "contrastive_color=1", {"images", "places"}),
        (NET + "contrastive_jit_flip=1\ncontrastive_color=1", {"images"}),
    ],
)
def test_what_a_pair_has_in_common(tmp_path: Path, net: str, alike: set[str]) -> None:
    pairing = Pairing.of(graph(tmp_path, net))
    first, second, third = (numbers(pairing, number) for number in (6, 7, 8))
    assert {place for place in PLACES if first[place] == second[place]} == alike
    assert not any(second[place] == third[place] for place in PLACES)


def test_what_is_in_common_is_not_the_same_numbers(tmp_path: Path) -> None:
    drawn = numbers(Pairing.of(graph(tmp_path, NET)), 6)
    assert len({values[0] for values in drawn.values()}) == 4


def test_without_pairs_all_come_from_one() -> None:
    draws = draws_of(None, 5, 6)
    assert draws.images is draws.places is draws.colors is draws.other
    assert numbers(None, 6) != numbers(None, 7)


def test_who_has_no_pairs(tmp_path: Path) -> None:
    assert Pairing.of(graph(tmp_path, "batch=2\ncontrastive=0\ncontrastive_color=1")) is None
    assert Pairing.of(graph(tmp_path, NET, fork="pjreddie")) is None


@pytest.mark.parametrize("net", ["batch=1", "batch=6\nsubdivisions=6"])
def test_sub_batches_of_one_image_have_nothing_to_compare(tmp_path: Path, net: str) -> None:
    with pytest.raises(BadOption, match=r"contrastive: contrastive=1 compares images, .* is 1;"):
        Pairing.of(graph(tmp_path, f"{net}\ncontrastive=1"))
