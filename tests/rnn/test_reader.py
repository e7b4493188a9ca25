"""A small network learns a short text with Darknet's steps, and predicts it symbol by symbol."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from support.learnt_text import CPU, TEXT, Learnt, codes, constant, files, reader, train

from darknet_py.errors import DarknetError
from darknet_py.network.graph import with_temperature
from darknet_py.rnn.reader import Reader


def test_the_loss_falls_to_nearly_nothing(learnt: Learnt) -> None:
    rows = 4 * 16
    assert learnt.losses[0] / rows == pytest.approx(np.log(128), rel=0.02)
    assert learnt.losses[-1] / rows < 0.3


def test_training_may_be_split_into_passes(tmp_path: Path) -> None:
    cfg, weights = files(tmp_path, "rnn", subdivisions=2)
    losses = train(cfg, weights, 30)
    assert losses[-1] < 0.5 * losses[0]


def test_many_steps_at_once_predict_what_single_ones_do(learnt: Learnt) -> None:
    symbols = codes(TEXT)
    single, many = reader(learnt), reader(learnt, steps=8)
    one = np.vstack([single.read([code]) for code in symbols])
    other = np.vstack([many.read(symbols[:8]), many.read(symbols[8:])])
    assert one == pytest.approx(other, abs=1e-6)
    assert one.sum(axis=1) == pytest.approx(1, abs=1e-5)


def test_temperature_sharpens_the_prediction(tmp_path: Path) -> None:
    network = constant(tmp_path, [0.5, 0.25, 0.25])
    network.graph = with_temperature(network.graph, 0.5)
    assert Reader(network, CPU).read([0])[0] == pytest.approx([2 / 3, 1 / 6, 1 / 6])


@pytest.mark.parametrize("temperature", [0.0, -1.0, 1e-30, float("nan")])
def test_a_temperature_of_nothing_is_refused(tmp_path: Path, temperature: float) -> None:
    with pytest.raises(DarknetError, match=r"temperature .*, expected 0.001 or more"):
        with_temperature(constant(tmp_path, [0.5, 0.5]).graph, temperature)


def test_answers_that_are_not_finite_are_refused(tmp_path: Path) -> None:
    network = constant(tmp_path, [0.5, 0.5])
    with torch.no_grad():
        network.own(0)["biases"].fill_(float("nan"))
    with pytest.raises(DarknetError, match="not finite; are its weights damaged"):
        Reader(network, CPU).read([0])
