"""Comparison of a network's layers with what a C program recorded."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch

from darknet_py.network.network import Network

GOLDEN = Path(__file__).resolve().parent.parent / "golden"
"""The small copies that are part of the repository."""
SHARED = Path(os.environ.get("DARKNET_PY_SHARED") or GOLDEN.parents[2] / "shared")
"""All recordings, where there are any."""

TOLERANCE = 2e-4
SAMPLING = 7
"""Of the larger arrays in tests/golden every 7th value is stored."""
WRONG_IN_C = {("activations", 29)}
"""relu6: the C program's CPU code forgets the case and gives 0."""


def cases(folder: Path) -> list[str]:
    """`name/fork` of every recording below the folder."""
    files = sorted(folder.glob("*/forward-*.npz"))
    return [f"{file.parent.name}/{file.stem.removeprefix('forward-')}" for file in files]


def loaded(folder: Path, fork: str) -> Network:
    net = Network.from_cfg(folder / "net.cfg", fork=fork, seed=1)
    report = net.load_weights(folder / "net.weights")
    assert not report.partial and report.floats == net.graph.parameters
    return net


def errors(folder: Path, fork: str) -> Iterator[tuple[int, str, float]]:
    """(layer, kind, error relative to the layer's largest magnitude) for every recorded layer."""
    net = loaded(folder, fork)
    recorded = np.load(folder / f"forward-{fork}.npz")
    layers = net.trace(torch.from_numpy(recorded["input"]))
    assert len(layers) == len(recorded.files) - 1
    for index, output in enumerate(layers):
        if (folder.name, index) in WRONG_IN_C:
            continue
        expected, actual = recorded[f"{index:03d}"], output.numpy()
        if expected.size != actual.size:
            actual = actual.reshape(-1)[::SAMPLING]
        yield (
            index,
            net.graph.nodes[index].layer.kind,
            relative(actual.reshape(expected.shape), expected),
        )


def relative(actual: np.ndarray, expected: np.ndarray, largest: float = 0.0) -> float:
    """Largest error as a share of the largest magnitude (at least 1); nan counts as infinite."""
    scale = max(1.0, largest, float(np.abs(expected).max(initial=0)))
    error = float(np.abs(actual.astype(float) - expected).max(initial=0)) / scale
    return error if np.isfinite(error) else float("inf")


def check_saves_the_same_bytes(folder: Path, fork: str, to: Path) -> None:
    loaded(folder, fork).save_weights(to)
    assert to.read_bytes() == (folder / "net.weights").read_bytes()
