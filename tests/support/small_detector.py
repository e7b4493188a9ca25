"""A training that takes milliseconds: a tiny network on a handful of drawn shapes."""

from __future__ import annotations

import functools
import tempfile
from pathlib import Path
from typing import Any

from darknet_py.options.training import DetectorTrainOptions
from darknet_py.synthetic.shape_dataset import write_dataset

CFG = """[net]
batch=8
subdivisions=2
width=32
height=32
channels=3
learning_rate=0.002
momentum=0.9
decay=0.0005
burn_in=5
max_batches={max_batches}
saturation=1.5
exposure=1.5
hue=.1
{net}
[convolutional]
batch_normalize=1
filters=8
size=3
stride=4
pad=1
activation=leaky
[dropout]
probability=.2
[convolutional]
filters=39
size=1
activation=linear
[yolo]
mask=0,1,2
anchors=4,4, 8,8, 12,12
classes=8
num=3
jitter=.2
ignore_thresh=.7
{head}
"""


@functools.cache
def _images() -> Path:
    """Drawn once a test session."""
    folder = Path(tempfile.mkdtemp(prefix="small-run-"))
    write_dataset(folder, 10, seed=3, width=64, height=64)
    return folder


def small_options(
    folder: Path,
    max_batches: int = 20,
    net: str = "",
    head: str = "",
    data: str = "",
    **choices: Any,
) -> DetectorTrainOptions:
    """The options of a training in `folder` (made), its data set and cfg beside it."""
    folder.mkdir(parents=True, exist_ok=True)
    cfg = folder / "small.cfg"
    cfg.write_text(CFG.format(max_batches=max_batches, net=net, head=head))
    shapes = _images()
    lists = f"train={shapes / 'train.txt'}\nvalid={shapes / 'valid.txt'}\n"
    names = f"names={shapes / 'shapes.names'}\nbackup={folder / 'backup'}\n"
    (folder / "small.data").write_text(f"classes=8\n{lists}{names}{data}")
    defaults: dict[str, Any] = {
        "device": "cpu",
        "workers": 0,
        "results": str(folder / "results.csv"),
        "log_style": "plain",
    }
    return DetectorTrainOptions(data=str(folder / "small.data"), cfg=str(cfg), **defaults | choices)
