"""A small data set of which a small random network finds a part: images, labels, lists, names."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from darknet_py.detect.load_detector import load
from support.tiny_detector import files, save

FIRST, SECOND = "a.png", "b.png"


def data_set(folder: Path, *extra: str) -> Path:
    """n.data with n.cfg, n.weights, n.names, and valid.txt of two images with labels.

    The labels are the best box of either image, as the network finds it, and one where it finds
    nothing. extra: further lines of the .data file.
    """
    cfg, weights = files(folder)
    (folder / "n.names").write_text("ant\nbee\ncow\n")
    for path in save(folder, FIRST, SECOND):
        boxes = load(cfg, weights)(str(path), thresh=0.005).boxes
        best = int(np.argmax(boxes.confidence))
        box = " ".join(f"{value:.6f}" for value in boxes.xywhn[best])
        lines = f"{boxes.class_id[best]} {box}\n2 0.01 0.01 0.001 0.001\n"
        path.with_suffix(".txt").write_text(lines)
    (folder / "valid.txt").write_text(f"{FIRST}\n{SECOND}\n")
    data = folder / "n.data"
    lines = ("classes=3", f"valid={folder / 'valid.txt'}", f"names={folder / 'n.names'}", *extra)
    data.write_text("\n".join(lines) + "\n")
    return data
