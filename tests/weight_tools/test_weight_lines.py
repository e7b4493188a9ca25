"""`statistics` and `print`: their lines by numpy from the raw floats."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from support.raw_weights import conv, conv_rows, matrix_rows, net, raw, written

from darknet_py import DarknetError, Network
from darknet_py.weight_tools.weight_lines import statistics_lines, weight_rows

BN = "batch_normalize=1\n"
TEXT = net(conv(4, f"{BN}size=3\n"), f"[connected]\n{BN}output=5\n", "[connected]\noutput=2\n")
VECTORS = f"[net]\ninputs=6\n[gru]\n{BN}output=5\n[lstm]\n{BN}output=4\n[softmax]\n"


def loaded(cfg: Path, path: Path, fork: str = "alexeyab") -> Network:
    network = Network.from_cfg(cfg, fork=fork)
    network.load_weights(path)
    return network


def line(word: str, values: np.ndarray) -> str:
    v = values.astype(np.float64).ravel()
    root = (v @ v / len(v)) ** 0.5
    spread = ((v - v.sum() / len(v)) ** 2).sum() / len(v)
    return f"{word} MSE: {root:.6f}, Mean: {v.sum() / len(v):.6f}, Variance: {spread:.6f}"


def lines_of(arrays: dict[str, np.ndarray]) -> list[str]:
    """Of the weights as many as there are outputs, as both programs take them."""
    outputs = len(arrays["biases"])
    weights = arrays["weights"].ravel()[:outputs]
    pairs = {"Scales": arrays["scales"], "Biases": arrays["biases"], "Weights": weights}
    return [line(word, values) for word, values in pairs.items()]


def test_statistics_of_matrices(tmp_path: Path) -> None:
    cfg, path = written(tmp_path, TEXT)
    rows = conv_rows(4, 3, 3, True), matrix_rows(5, 64, True), matrix_rows(2, 5, False)
    expected = ["", "Connected Layer 1", *lines_of(raw(path, *rows)[1]), "", ""]
    assert list(statistics_lines(loaded(cfg, path))) == expected


PARTS = {
    "Input Z": 0,
    "Input R": 1,
    "Input H": 2,
    "State Z": 3,
    "State R": 4,
    "State H": 5,
}


def test_statistics_of_recurrent_layers(tmp_path: Path) -> None:
    cfg, path = written(tmp_path, VECTORS)
    gru = [matrix_rows(5, side, True) for side in (6, 6, 6, 5, 5, 5)]
    lstm = [matrix_rows(4, side, True) for side in (4, 4, 4, 4, 5, 5, 5, 5)]
    arrays = raw(path, *gru, *lstm)
    expected = ["GRU Layer 0"]
    for title, index in PARTS.items():
        expected += [title, *lines_of(arrays[index])]
    expected += ["", "LSTM Layer 1"]
    for index, title in enumerate(("wf", "wi", "wg", "wo", "uf", "ui", "ug", "uo")):
        expected += [title, *lines_of(arrays[6 + index])]
    assert list(statistics_lines(loaded(cfg, path))) == [*expected, "", ""]


def test_pjreddies_statistics_know_no_lstm_and_keep_the_order(tmp_path: Path) -> None:
    """His files have the state's matrices first; the lines do not."""
    cfg, path = written(tmp_path, VECTORS, fork="pjreddie")
    lines = list(statistics_lines(loaded(cfg, path, "pjreddie")))
    assert [one for one in lines if " MSE" not in one] == ["GRU Layer 0", *PARTS, "", "", ""]
    gru = [matrix_rows(5, side, True) for side in (5, 5, 5, 6, 6, 6)]
    lstm = [matrix_rows(4, side, True) for side in (4, 4, 4, 4, 5, 5, 5, 5)]
    assert lines[2:5] == lines_of(raw(path, *gru, *lstm)[3])


def rows(values: np.ndarray) -> list[str]:
    table = values.reshape(len(values), -1).tolist()
    return ["".join("%g " % value for value in row) for row in table]  # noqa: UP031


@pytest.mark.parametrize("index", [0, 1, 2])
def test_print(tmp_path: Path, index: int) -> None:
    cfg, path = written(tmp_path, TEXT)
    layers = conv_rows(4, 3, 3, True), matrix_rows(5, 64, True), matrix_rows(2, 5, False)
    expected = rows(raw(path, *layers)[index]["weights"])
    assert list(weight_rows(loaded(cfg, path), index)) == expected


def test_print_a_deconvolution_by_filter(tmp_path: Path) -> None:
    cfg, path = written(tmp_path, net("[deconvolutional]\nfilters=4\nsize=2\nstride=2\n"))
    (arrays,) = raw(path, [("biases", (4,)), ("weights", (3, 4, 2, 2))])
    expected = rows(np.swapaxes(arrays["weights"], 0, 1))
    assert list(weight_rows(loaded(cfg, path), 0)) == expected


def test_print_recurrent_layers_in_file_order(tmp_path: Path) -> None:
    cfg, path = written(tmp_path, VECTORS)
    first = raw(path, *[matrix_rows(5, s, True) for s in (6, 6, 6, 5, 5, 5)], lstm_rest())[0]
    actual = list(weight_rows(loaded(cfg, path), 0))
    assert len(actual) == 30 and actual[:5] == rows(first["weights"])


def lstm_rest() -> list[tuple[str, tuple[int, ...]]]:
    return [("rest", (4 * (4 * 4 + 4 * 4) + 4 * (5 * 4 + 4 * 4),))]


@pytest.mark.parametrize(
    ("index", "message"),
    [
        (2, r"layer 2 \[softmax\] has no weights; the first layer that has any is 0"),
        (3, "N is 3, expected 0 to 2"),
        (-1, "N is -1, expected 0 to 2"),
    ],
)
def test_print_what_is_not_there(tmp_path: Path, index: int, message: str) -> None:
    cfg, path = written(tmp_path, VECTORS)
    with pytest.raises(DarknetError, match=message):
        weight_rows(loaded(cfg, path), index)
