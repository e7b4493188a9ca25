"""Images without labels: examples of what is none of the objects, or a path rule gone wrong."""

from __future__ import annotations

import os
from collections.abc import Sequence

from darknet_py.data.label_paths import label_path
from darknet_py.errors import DataError
from darknet_py.forks import Fork


def unlabelled(images: Sequence[str], fork: Fork) -> str | None:
    """A line on images that have no label file, None when all have one.

    Raises DataError when not one image has a label file: nothing could be learnt.
    """
    missing = [path for path in images if not os.path.exists(label_path(path, fork))]
    if not missing:
        return None
    where = f"{missing[0]} should have {label_path(missing[0], fork)}"
    if len(missing) == len(images):
        raise DataError(f"none of {len(images)} images has a label file: {where}")
    counted = f"{len(missing)} of {len(images)} images have no label file"
    return f"{counted} and count as images without objects, the first: {where}"
