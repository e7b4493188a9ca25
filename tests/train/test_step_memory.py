"""How much memory a training step will take."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import torch
from support.sized_set import two_heads

from darknet_py.errors import DarknetError, Problems
from darknet_py.network.graph import read_graph
from darknet_py.train import step_memory as module
from darknet_py.train.step_memory import StepMemory, free_on, step_memory

ROOT = Path(__file__).resolve().parents[2]
WEIGHTS = 4 * (3 * 14 + 14 + 14 * 7 + 7)
INPUT, FINE, COARSE = 4 * 3 * 64 * 64, 4 * 14 * 8 * 8, 4 * 7 * 4 * 4
"""Bytes of the input and the two convolutions' outputs, of one image."""


def test_what_is_held_for_the_gradients(tmp_path: Path) -> None:
    """The input and the fine output for the convolutions behind them, what the heads made of either
    output by the logistic, and the logistic's mask of the w and h of 14 and 7 channels."""
    memory = step_memory(read_graph(two_heads(tmp_path)))
    assert memory.fixed == 3 * WEIGHTS
    held = 2 * (INPUT + 2 * FINE + 2 * COARSE) + 14 + 7
    assert memory.per_image == (held + module.BACKWARD * 2 * INPUT) // 2
    assert memory.of(8) == memory.fixed + 8 * memory.per_image


def test_adam_has_two_more_of_each_weight(tmp_path: Path) -> None:
    memory = step_memory(read_graph(two_heads(tmp_path, batch="batch=1\nadam=1")))
    assert memory.fixed == 5 * WEIGHTS


@pytest.mark.parametrize(("fork", "moved"), [("alexeyab", 0), ("pjreddie", 7 * 3 + 3)])
def test_adam_keeps_moments_of_what_it_moves(tmp_path: Path, fork: str, moved: int) -> None:
    cfg = tmp_path / "full.cfg"
    cfg.write_text("[net]\ninputs=7\nadam=1\n[connected]\noutput=3\n[softmax]\n")
    memory = step_memory(read_graph(cfg, fork=fork))
    assert memory.fixed == 4 * (3 * (7 * 3 + 3) + 2 * moved)


def test_the_largest_size_of_random_counts(tmp_path: Path) -> None:
    """64 * 1.4 is 2.8 steps of 32; Darknet adds 1.5 and cuts."""
    cfg = two_heads(tmp_path)
    cfg.write_text(cfg.read_text() + "random=1\n")
    memory = step_memory(read_graph(cfg))
    assert (memory.width, memory.height) == (128, 128)
    assert memory.per_image > 3 * step_memory(read_graph(two_heads(tmp_path))).per_image


def test_parts_of_a_batch_that_fit() -> None:
    memory = StepMemory(fixed=100, per_image=10, width=64, height=64)
    need_all = memory.of(64)
    assert memory.subdivisions(64, int(need_all / module.SHARE) + 1) == 1
    assert memory.subdivisions(64, int(need_all / module.SHARE) - 1) == 2
    assert memory.subdivisions(64, 150) == 32, "2 images: 120 of 120 bytes that may be taken"
    assert memory.subdivisions(64, 137) is None, "one image needs 110 of 109"
    assert memory.subdivisions(6, 163) == 2, "3 images: 130"


def test_a_network_without_a_loss(tmp_path: Path) -> None:
    head = "[convolutional]\nfilters=2\n"
    (tmp_path / "n.cfg").write_text(f"[net]\nwidth=8\nheight=8\nchannels=3\n{head}")
    with pytest.raises(DarknetError, match=r"no layer has a loss, it ends in \[convolutional\]"):
        step_memory(read_graph(tmp_path / "n.cfg"))


def test_what_is_free_on_the_processor(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "free_memory", lambda: 123)
    assert free_on(torch.device("cpu")) == 123


REAL_STEP = """
import sys, torch
from darknet_py.benchmark.peak_memory import Meter
from darknet_py.network.graph import read_graph
from darknet_py.network.network import Network
from darknet_py.train.trainer import Trainer

def step(size, images):
    graph = read_graph(sys.argv[1], width=size, height=size, batch=images, subdivisions=1)
    truth = torch.zeros(images, 6 * graph.detection_heads[-1].most_labels(graph.fork))
    truth[:, :5] = torch.tensor([0.5, 0.5, 0.3, 0.4, 1.0])
    Trainer(Network(graph, seed=0)).step(torch.rand(images, 3, size, size), truth)

step(64, 1)  # loads libraries
meter = Meter(torch.device("cpu"))
step(int(sys.argv[2]), int(sys.argv[3]))
print(meter.growth())
"""


@pytest.mark.slow
@pytest.mark.parametrize("name, size, images", [("yolov4-tiny", 416, 8), ("shapes", 256, 16)])
def test_a_real_step_takes_about_as_much(name: str, size: int, images: int) -> None:
    """In a process of its own, whose memory nobody has used before."""
    cfg = str(ROOT / "cfg" / f"{name}.cfg")
    command = [sys.executable, "-c", REAL_STEP, cfg, str(size), str(images)]
    result = subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT)
    graph = read_graph(cfg, width=size, height=size, problems=Problems())
    assert 0.5 < int(result.stdout) / step_memory(graph).of(images) < 1.5
