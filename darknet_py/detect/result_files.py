"""Files made from a result: its boxes cut out, and a label file."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from darknet_py.detect.result_data import ResultData
from darknet_py.files import encoded, make_folder, replacing
from darknet_py.images.draw import save_image
from darknet_py.images.io import Pixels

UNSAFE = re.compile(r'[\x00-\x1f<>:"/\\|?*]|^\.+$|[. ]+$')
"""What a folder's name cannot hold on some system."""
CROP_QUALITY = 95
"""Of JPEG: crops are looked at by networks too."""


def cut_out(result: ResultData) -> list[Pixels]:
    """See Result.crops."""
    height, width = result.image.shape[:2]
    corners = result.boxes.xyxy
    low, high = np.floor(corners[:, :2]), np.ceil(corners[:, 2:])
    edges = np.clip(np.concatenate([low, high], axis=1), 0, [width, height] * 2).astype(int)
    return [result.image[top:bottom, left:right] for left, top, right, bottom in edges.tolist()]


def save_crops(result: ResultData, folder: Path) -> list[Path]:
    """See Result.save_crops."""
    crops, paths = cut_out(result), list[Path]()
    for row in result.best():
        if crops[row].size:
            name = result.name(int(result.boxes.class_id[row]))
            home = folder / (UNSAFE.sub("_", name) or "_")
            make_folder(home)
            target = _free_path(home, _stem(result))
            save_image(target, crops[row], CROP_QUALITY)
            paths.append(target)
    return paths


def _stem(result: ResultData) -> str:
    """Of an image its file's name; of what has no file of its own the number of the frame too."""
    name = Path(result.path).stem or "image"
    own_file = result.path and result.time is None
    return name if own_file else f"{UNSAFE.sub('_', name)}_{result.frame:06d}"


def _free_path(folder: Path, stem: str) -> Path:
    """STEM.jpg, or the next of STEM_2.jpg, STEM_3.jpg, ... that is not there yet."""
    names = itertools.chain([stem], (f"{stem}_{number}" for number in itertools.count(2)))
    return next(path for name in names if not (path := folder / f"{name}.jpg").exists())


def write_text_labels(result: ResultData, path: Path, save_conf: bool) -> None:
    """See Result.save_txt."""
    with replacing(path, durable=False) as file:
        for line in _label_lines(result, save_conf):
            file.write(encoded(line))


def _label_lines(result: ResultData, save_conf: bool) -> Iterator[str]:
    boxes = result.boxes
    for row in sorted(result.best(hidden=True)):
        values = [*boxes.xywhn[row], *([boxes.confidence[row]] if save_conf else [])]
        track = "" if boxes.track_id is None else f" {boxes.track_id[row]}"
        yield f"{boxes.class_id[row]} {' '.join(f'{v:.6g}' for v in values)}{track}\n"
