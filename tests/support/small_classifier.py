"""A classifier's training that takes milliseconds, on a handful of drawn shapes."""

from __future__ import annotations

import functools
import tempfile
from pathlib import Path
from typing import Any

from darknet_py.options.training import ClassifierTrainOptions
from support.tiny_classifier import CFG, files

LEARNABLE = CFG.replace("learning_rate=.1\n", "learning_rate=.03\n")
DROPOUT = "[dropout]\nprobability=.3\n[avgpool]\n"


@functools.cache
def _images() -> Path:
    """Drawn once a test session: 30 for training and 12 for validation."""
    folder = Path(tempfile.mkdtemp(prefix="small-classifier-"))
    files(folder, train=30, valid=12)
    return folder


def small_options(
    folder: Path, max_batches: int = 20, net: str = "", data: str = "", **choices: Any
) -> ClassifierTrainOptions:
    """The options of a training in `folder` (made), its .data file and cfg beside it.

    net, data: further lines of both.
    """
    folder.mkdir(parents=True, exist_ok=True)
    cfg = LEARNABLE.replace("max_batches=100", f"max_batches={max_batches}\n{net}")
    (folder / "small.cfg").write_text(cfg.replace("[avgpool]\n", DROPOUT))
    lines = (_images() / "t.data").read_text()
    (folder / "small.data").write_text(f"{data}\nbackup={folder / 'backup'}\n{lines}")
    defaults: dict[str, Any] = {
        "device": "cpu",
        "workers": 0,
        "results": str(folder / "results.csv"),
        "log_style": "plain",
    }
    return ClassifierTrainOptions(
        data=str(folder / "small.data"), cfg=str(folder / "small.cfg"), **defaults | choices
    )
