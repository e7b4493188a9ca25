"""`make bench-nms`: milliseconds of suppression and sorting, in C++ and in numpy, on one thread.

80 classes; of each twenty boxes of an object three or so have another class besides its own.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable

import torch

from darknet_py.detect import greedy_suppression
from darknet_py.detect.candidates import Candidates
from darknet_py.detect.decode import Suppression
from darknet_py.detect.nms import box_table
from darknet_py.detect.pipeline import suppressed_in_order
from darknet_py.engines.native.suppression import box_functions

CLASSES, PER_OBJECT, OTHERS = 80, 20, 0.03
ROUNDS = 15


def dense(rows: int) -> Candidates:
    random = torch.Generator().manual_seed(0)
    objects = torch.rand(rows // PER_OBJECT, 4, generator=random)
    objects[:, 2:] = objects[:, 2:] * 0.15 + 0.02
    own = torch.randint(CLASSES, (len(objects),), generator=random)
    pick = torch.randint(len(objects), (rows,), generator=random)
    boxes = objects[pick] * (1 + 0.08 * torch.randn(rows, 4, generator=random))
    scores = torch.rand(rows, CLASSES, generator=random) * 0.9 + 0.05
    kept = torch.rand(rows, CLASSES, generator=random) < OTHERS
    kept[torch.arange(rows), own[pick]] = True
    image = torch.zeros(rows, dtype=torch.int64)
    return Candidates(image, boxes, torch.rand(rows, generator=random) * 0.9 + 0.1, scores * kept)


def least(work: Callable[[], object]) -> float:
    times = []
    for _ in range(ROUNDS):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return 1000 * min(times)


def row(rows: int, kind: str) -> str:
    """Suppression alone, and all that is done to sorted and suppressed candidates."""
    found = dense(rows)
    table = box_table(found)
    times = []
    for functions in (box_functions(), None):
        greedy_suppression.box_functions = lambda functions=functions: functions  # type: ignore
        times.append(least(lambda: greedy_suppression.suppressed(table, kind, 0.45)))
        times.append(least(lambda: suppressed_in_order(found, Suppression(kind), 0.45)))
    return f"{rows:6d} {kind:10s}" + "".join(f"{value:9.2f}" for value in times)


if __name__ == "__main__":
    torch.set_num_threads(1)
    sys.stdout.write("  rows kind            C++   sorted    numpy   sorted\n")
    for rows in (3000, 10000):
        for kind in ("default", "greedynms", "objectness"):
            sys.stdout.write(row(rows, kind) + "\n")
