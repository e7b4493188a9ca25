"""A recurrent net's training that takes milliseconds, on one sentence."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from darknet_py.options.training import TextTrainOptions

TEXT = "Sphinx of black quartz, judge my vow; the five boxing wizards jump quickly.\n"
CFG = """[net]
inputs=128
batch=8
subdivisions={subdivisions}
time_steps=16
learning_rate=.5
momentum=.9
decay=.0001
policy=constant
max_batches={max_batches}
{net}
[rnn]
output=48
hidden=48
activation=tanh
{layers}
[connected]
output=128
activation=linear
[softmax]
"""


def small_options(
    folder: Path,
    max_batches: int = 20,
    net: str = "",
    layers: str = "",
    subdivisions: int = 1,
    **choices: Any,
) -> TextTrainOptions:
    """The options of a training in `folder` (made), its text and cfg beside it."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "t.txt").write_text(TEXT)
    cfg = CFG.format(max_batches=max_batches, net=net, layers=layers, subdivisions=subdivisions)
    (folder / "small.cfg").write_text(cfg)
    defaults: dict[str, Any] = {
        "device": "cpu",
        "backup": str(folder / "backup"),
        "results": str(folder / "results.csv"),
        "log_style": "plain",
    }
    return TextTrainOptions(
        data=str(folder / "t.txt"), cfg=str(folder / "small.cfg"), **defaults | choices
    )
