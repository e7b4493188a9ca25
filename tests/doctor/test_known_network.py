"""The network of the self-test, against values worked out by hand."""

from __future__ import annotations

import pytest
import torch

from darknet_py.doctor.known_network import (
    FACTOR,
    MODULUS,
    checksum,
    known_images,
    known_network,
    known_numbers,
    known_truth,
)


def number(place: int, seed: int) -> float:
    """By Python's own whole numbers."""
    mixed = place + 1 + 7919 * (seed + 1)
    for _ in range(3):
        mixed = (mixed * FACTOR + 12345) % MODULUS
        mixed ^= mixed >> 15
    return mixed / MODULUS


def test_the_numbers_are_those_of_whole_number_arithmetic() -> None:
    found = known_numbers(50, 3)
    assert found.tolist() == pytest.approx([number(place, 3) for place in range(50)], rel=1e-6)
    many = known_numbers(20000, 0)
    assert float(many.mean()) == pytest.approx(0.5, abs=0.01)
    assert float(many.min()) >= 0 and float(many.max()) < 1
    assert len(set(many.tolist())) > 19900


def test_its_inputs() -> None:
    images, truth = known_images(), known_truth()
    assert images.shape == (2, 3, 64, 64) and truth.shape == (2, 1200)
    assert truth[0, :6].tolist() == pytest.approx([0.3, 0.4, 0.3, 0.25, 0, 0])
    assert truth[1, :12].tolist() == pytest.approx([0.5, 0.5, 0.6, 0.5, 1, *[0] * 7])


def test_its_weights_are_the_same_each_time() -> None:
    one, two = (known_network().state_dict() for _ in range(2))
    assert all(torch.equal(one[name], two[name]) for name in one)
    variances = [tensor for name, tensor in one.items() if name.endswith("variance")]
    assert variances and all(float(tensor.min()) >= 0.5 for tensor in variances)


def test_the_checksum_sees_values_and_their_places() -> None:
    heads = [torch.tensor([1.0, 2.0]), torch.tensor([[3.0]])]
    weights = [0.5 + number(place, 200) for place in range(3)]
    expected = sum(w * v * v for w, v in zip(weights, (1, 2, 3), strict=True)) / 3
    assert checksum(heads) == pytest.approx(expected, rel=1e-6)
    assert checksum(heads[::-1]) != pytest.approx(expected, rel=1e-3)
