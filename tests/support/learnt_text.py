"""A small network that learns a short text, and one that predicts the same whatever it reads."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch

from darknet_py import Network
from darknet_py.data.text_samples import TextSet
from darknet_py.network.graph import with_temperature
from darknet_py.network.network import load_network
from darknet_py.rnn.reader import Reader
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


def constant(folder: Path, probabilities: list[float], time_steps: int = 1) -> Network:
    """A network that predicts the same whatever it reads."""
    cfg = folder / "constant.cfg"
    size = len(probabilities)
    cfg.write_text(
        f"[net]\ninputs={size}\n[connected]\noutput={size}\nactivation=linear\n[softmax]"
    )
    network = Network.from_cfg(cfg, time_steps=time_steps)
    with torch.no_grad():
        network.own(0)["weights"].zero_()
        network.own(0)["biases"].copy_(torch.tensor(probabilities).log())
    return network
