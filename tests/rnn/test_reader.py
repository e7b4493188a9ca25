"""A small network learns a short text with Darknet's steps, and can then tell it by heart."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
import torch

from darknet_py import Network
from darknet_py.data.text_samples import TextSet
from darknet_py.errors import DarknetError
from darknet_py.network.network import load_network
from darknet_py.rnn.generate import draw, generate
from darknet_py.rnn.perplexity import scores
from darknet_py.rnn.reader import Reader, with_temperature
from darknet_py.train import Trainer

TEXT = b"cat sat, a dog; "
CPU = torch.device("cpu")
CFG = """[net]
inputs=128
batch=4
subdivisions={subdivisions}
time_steps=16
learning_rate={rate}
momentum=.9
decay=0
policy=constant
max_batches=1000
{layer}
[connected]
output=128
activation=linear
[softmax]
"""
LAYERS = {
    "rnn": "[rnn]\nhidden=32\noutput=32\nactivation=tanh",
    "gru": "[gru]\noutput=32\ntanh=1",
    "lstm": "[lstm]\noutput=32",
}
RATES = {"rnn": 0.3, "gru": 0.5, "lstm": 1}
STEPS = {"rnn": 60, "gru": 60, "lstm": 60}


class Learnt(NamedTuple):
    cfg: Path
    weights: Path
    losses: list[float]


def codes(text: bytes) -> np.ndarray:
    return np.frombuffer(text, np.uint8).astype(np.int64)


def files(folder: Path, kind: str, subdivisions: int = 1) -> tuple[Path, Path]:
    cfg = folder / f"{kind}.cfg"
    cfg.write_text(CFG.format(layer=LAYERS[kind], rate=RATES[kind], subdivisions=subdivisions))
    return cfg, folder / f"{kind}.weights"


@pytest.fixture(scope="module", params=list(LAYERS))
def learnt(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Learnt:
    cfg, weights = files(tmp_path_factory.mktemp("text"), request.param)
    return Learnt(cfg, weights, train(cfg, weights, STEPS[request.param]))


def train(cfg: Path, weights: Path, steps: int) -> list[float]:
    network = Network.from_cfg(cfg, seed=3)
    source = TextSet.of(network.graph, codes(TEXT), seed=1)
    trainer = Trainer(network)
    losses = [trainer.step(*source.batch(number)) for number in range(1, steps + 1)]
    network.save_weights(weights)
    return losses


def reader(learnt: Learnt, steps: int = 1, temperature: float = 1.0) -> Reader:
    network, _ = load_network(learnt.cfg, learnt.weights, time_steps=steps)
    network.graph = with_temperature(network.graph, temperature)
    return Reader(network, CPU)


def told(learnt: Learnt, seed: bytes, length: int, temperature: float = 0.5) -> bytes:
    rng = np.random.default_rng(0)
    return bytes(generate(reader(learnt, temperature=temperature), list(seed), length, rng))


def test_the_loss_falls_to_nearly_nothing(learnt: Learnt) -> None:
    rows = 4 * 16
    assert learnt.losses[0] / rows == pytest.approx(np.log(128), rel=0.02)
    assert learnt.losses[-1] / rows < 0.3


def test_what_was_learnt_is_told_again(learnt: Learnt) -> None:
    assert told(learnt, b"cat sat", 57) == TEXT * 4


def test_the_memory_makes_the_difference(learnt: Learnt) -> None:
    """After `a` comes t or a blank, after t a blank or a comma: only the past tells which."""
    pairs = ((b"g; ca", b"t"), (b"sat, a", b" "), (b"dog; cat", b" "), (b"cat sat", b","))
    for start, expected in pairs:
        assert told(learnt, start, 1)[-1:] == expected


def test_many_steps_at_once_foresee_what_single_ones_do(learnt: Learnt) -> None:
    symbols = codes(TEXT)
    single, many = reader(learnt), reader(learnt, steps=8)
    one = np.vstack([single.read([code]) for code in symbols])
    other = np.vstack([many.read(symbols[:8]), many.read(symbols[8:])])
    assert one == pytest.approx(other, abs=1e-6)
    assert one.sum(axis=1) == pytest.approx(1, abs=1e-5)


def test_a_text_that_was_learnt_has_a_low_perplexity(learnt: Learnt) -> None:
    known = list(scores(reader(learnt, steps=13), codes(b"dog; "), codes(TEXT * 3)))[-1]
    other = list(scores(reader(learnt, steps=16), codes(b"dog; "), codes(TEXT[::-1] * 3)))[-1]
    assert known.count == other.count == 3 * len(TEXT) - 1
    assert known.perplexity < 1.5
    assert other.perplexity > 20


def test_training_may_be_split_into_passes(tmp_path: Path) -> None:
    cfg, weights = files(tmp_path, "rnn", subdivisions=2)
    losses = train(cfg, weights, 30)
    assert losses[-1] < 0.5 * losses[0]


# Without any training


def constant(folder: Path, chances: list[float], time_steps: int = 1) -> Network:
    """A network that foresees the same whatever it reads."""
    cfg = folder / "constant.cfg"
    size = len(chances)
    cfg.write_text(
        f"[net]\ninputs={size}\n[connected]\noutput={size}\nactivation=linear\n[softmax]"
    )
    network = Network.from_cfg(cfg, time_steps=time_steps)
    with torch.no_grad():
        network.own(0)["weights"].zero_()
        network.own(0)["biases"].copy_(torch.tensor(chances).log())
    return network


def test_temperature_sharpens_what_is_foreseen(tmp_path: Path) -> None:
    network = constant(tmp_path, [0.5, 0.25, 0.25])
    network.graph = with_temperature(network.graph, 0.5)
    assert Reader(network, CPU).read([0])[0] == pytest.approx([2 / 3, 1 / 6, 1 / 6])


@pytest.mark.parametrize("temperature", [0.0, -1.0, 1e-30, float("nan")])
def test_a_temperature_of_nothing_is_refused(tmp_path: Path, temperature: float) -> None:
    with pytest.raises(DarknetError, match=r"temperature .*, expected 0.001 or more"):
        with_temperature(constant(tmp_path, [0.5, 0.5]).graph, temperature)


def test_weights_that_are_no_numbers_are_said(tmp_path: Path) -> None:
    network = constant(tmp_path, [0.5, 0.5])
    with torch.no_grad():
        network.own(0)["biases"].fill_(float("nan"))
    with pytest.raises(DarknetError, match="no numbers; are its weights damaged"):
        Reader(network, CPU).read([0])


def test_symbols_are_drawn_as_often_as_they_are_likely() -> None:
    rng = np.random.default_rng(0)
    chances = np.array([0.0, 0.7, 0.00009, 0.29991])
    drawn = np.bincount([draw(chances, rng) for _ in range(3000)], minlength=4)
    assert drawn[0] == drawn[2] == 0
    assert drawn[1] / 3000 == pytest.approx(0.7, abs=0.03)


def test_when_all_are_unlikely_all_can_be_drawn() -> None:
    rng = np.random.default_rng(0)
    drawn = {draw(np.full(20_000, 0.00005), rng) for _ in range(50)}
    assert len(drawn) > 45


def test_an_empty_seed_counts_as_symbol_0(tmp_path: Path) -> None:
    reader = Reader(constant(tmp_path, [0.5, 0.5]), CPU)
    assert next(generate(reader, [], 3, np.random.default_rng(0))) == 0


@pytest.mark.parametrize("steps", [1, 4, 7, 64])
def test_scores_are_those_of_a_plain_loop(tmp_path: Path, steps: int) -> None:
    chances = np.linspace(1, 4, 40)
    chances /= chances.sum()
    seed, text = np.array([3, 4]), np.array([5, 32, 7, 8, 10, 9, 30, 31, 2])
    bits, words, expected = 0.0, 1, []
    for following in text[1:]:
        bits -= np.log2(chances[following])
        words += following in (32, 9, 10)
        expected.append((len(expected) + 1, words, bits))
    reader = Reader(constant(tmp_path, chances.tolist(), steps), CPU)
    found = [(s.count, s.words, s.bits) for s in scores(reader, seed, text)]
    assert found == [(c, w, pytest.approx(b, rel=1e-5)) for c, w, b in expected]


def test_what_cannot_be_foreseen_is_infinitely_perplexing(tmp_path: Path) -> None:
    reader = Reader(constant(tmp_path, [1.0, 0.0]), CPU)
    (score,) = scores(reader, np.array([], np.int64), np.array([0, 1]))
    assert score.perplexity == score.word_perplexity == float("inf")


def test_large_word_perplexities_do_not_overflow(tmp_path: Path) -> None:
    reader = Reader(constant(tmp_path, [0.5, 0.5]), CPU)
    last = list(scores(reader, np.array([0]), np.zeros(1100, np.int64)))[-1]
    assert last.word_perplexity == float("inf")
    assert last.perplexity == pytest.approx(2)
