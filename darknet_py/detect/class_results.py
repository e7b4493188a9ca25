"""Results with the boxes of some classes only."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import closing

import numpy as np

from darknet_py.detect.result import Result


def of_classes(
    results: Generator[Result, None, None], wanted: frozenset[int] | None
) -> Generator[Result, None, None]:
    """The results with the rows of these classes; all rows for None."""
    with closing(results):
        for result in results:
            yield result if wanted is None else _selected(result, wanted)


def _selected(result: Result, wanted: frozenset[int]) -> Result:
    return result.select(np.isin(result.boxes.class_id, sorted(wanted)))
