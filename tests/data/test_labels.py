"""Label files as C's scanf reads them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from darknet_py.data.labels import parse_labels, read_labels

ROW = [3, 0.5, 0.25, 0.125, 1]


def test_a_file_of_two_labels(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("3 0.5 0.25 .125 1\n79 0.1 0.2 0.3 1e-1\n")
    result = read_labels(path)
    assert (result.dtype, result.shape) == (np.float32, (2, 5))
    assert result.tolist() == np.array([ROW, [79, 0.1, 0.2, 0.3, 0.1]], np.float32).tolist()


def test_no_file_and_no_label(tmp_path: Path) -> None:
    (tmp_path / "empty.txt").write_text("\n \n")
    for name in ("gone.txt", "gone/gone.txt", "empty.txt", ""):
        assert read_labels(tmp_path / name).shape == (0, 5)


# What glibc's fscanf(file, "%d %f %f %f %f") gives in a loop, recorded.
@pytest.mark.parametrize(
    ("text", "rows"),
    [
        ("3 0.5 0.25 0.125 1", [ROW]),
        ("\r\n 3\t0.5\v0.25\f0.125\r\n\n1 ", [ROW]),
        ("+3 +.5 25e-2 0.125e0 1.\n", [ROW]),
        ("-1 0.5 0.25 0.125 1\n", [[-1, *ROW[1:]]]),
        ("3 0.5 0.25 0.125 1\nx 0.5 0.25 0.125 1\n3 0.5 0.25 0.125 1\n", [ROW]),
        ("3 0.5 0.25 0.125 1\n3 0.5 0.25 0.125\n", [ROW]),
        ("3 0.5 0.25 0.125\n3 0.5 0.25 0.125 1\n", [[3, 0.5, 0.25, 0.125, 3], [0, *ROW[1:]]]),
        ("3 0.5 0.25 0.125 1 0.9\n3 0.5 0.25 0.125 1\n", [ROW, [0, 0.9, 3, 0.5, 0.25]]),
        ("3 0.5 0.25 0.125 1 7\n3 0.5 0.25 0.125\n", [ROW, [7, 3, 0.5, 0.25, 0.125]]),
        ("3.0 0.5 0.25 0.125 1\n", [[3, 0, 0.5, 0.25, 0.125]]),
        ("3 0,5 0,25 0,125 1\n", []),
        ("3 0.5 0.25 0.125 1x\n3 0.5 0.25 0.125 1\n", [ROW]),
        ("3 0.5.25 0.125 1\n", [ROW]),
        ("3 0x.8 0x1p-2 0x.2 0X1\n", [ROW]),
        ("3 0.5 0.25 0.125 1e+\n", [ROW]),
        ("3 0.5 0.25 0.125 0x\n", []),
        ("3 nan inf -Infinity 1e99\n", [[3, np.nan, np.inf, -np.inf, np.inf]]),
        ("3 0.5 0.25 0.125 infin\n", []),
        ("99999999999 0.5 0.25 0.125 1\n", [[1215752191, *ROW[1:]]]),
        ("4294967299 0.5 0.25 0.125 1\n", [ROW]),
        ("\ufeff3 0.5 0.25 0.125 1\n", []),
        ("3 1_0 0.25 0.125 1\n", []),
    ],
)
def test_reading_is_scanfs(text: str, rows: list[list[float]]) -> None:
    expected = np.array(rows, np.float32).reshape(-1, 5)
    np.testing.assert_array_equal(parse_labels(text.encode()), expected)


def test_both_ways_of_reading_agree() -> None:
    random = np.random.default_rng(5)
    numbers = [f"{k % 80} " + " ".join(f"{v:.7g}" for v in random.random(4)) for k in range(200)]
    text = "\n".join(numbers).encode()
    # A plus sign is all that sends a file through the scanner.
    np.testing.assert_array_equal(parse_labels(text), parse_labels(b"+" + text))
