"""Track numbers: AlexeyAB's hash, rows, and that float32 holds them."""

from __future__ import annotations

import numpy as np
import pytest

from darknet_py.data.label_tracks import path_hash, with_tracks


@pytest.mark.parametrize(
    ("path", "number"),
    [
        ("", 5381),
        ("a", 5381 * 33 + 97),
        ("ab", (5381 * 33 + 97) * 33 + 98),
        # The two bytes of its UTF-8, 195 and 169, are -61 and -87 in C's char.
        ("é", (5381 * 33 - 61) * 33 - 87),
    ],
)
def test_the_hash(path: str, number: int) -> None:
    assert path_hash(path) == number


def test_the_hash_of_a_long_path_has_64_bits() -> None:
    number = 5381
    for _ in range(50):
        number = number * 33 + 122
    assert path_hash("z" * 50) == number % 2**64 != number


def test_tracks_are_the_rows_of_a_file() -> None:
    labels = np.arange(10, dtype=np.float32).reshape(2, 5)
    tracked = with_tracks(labels, "a")
    start = (5381 * 33 + 97) % 4000 * 4000
    assert tracked.dtype == np.float32 and (tracked[:, :5] == labels).all()
    assert tracked[:, 5].tolist() == [start, start + 1]
    assert np.float32(3999 * 4000 + 3999) == 3999 * 4000 + 3999


def test_files_without_labels_have_no_tracks() -> None:
    assert with_tracks(np.zeros((0, 5), np.float32), "a").shape == (0, 6)
