"""`make bench-start CFG=... WEIGHTS=... IMAGE=...`: the start of `detect` beside torch's own.

Whole processes in turns: `darknet-py detect` of one image, and `python -c "import torch, cv2"`.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROUNDS = 10
PLAIN = [sys.executable, "-c", "import torch, cv2"]


def seconds(command: list[str], folder: str) -> float:
    start = time.perf_counter()
    subprocess.run(command, check=True, capture_output=True, cwd=folder)
    return time.perf_counter() - start


def main(cfg: str, weights: str, image: str) -> None:
    files = [str(Path(name).resolve()) for name in (cfg, weights, image)]
    ours = [sys.executable, "-m", "darknet_py", "detect", *files]
    with tempfile.TemporaryDirectory() as folder:
        seconds(ours, folder), seconds(PLAIN, folder)
        pairs = [(seconds(ours, folder), seconds(PLAIN, folder)) for _ in range(ROUNDS)]
    first, second = (statistics.median(column) for column in zip(*pairs, strict=True))
    ratio = statistics.median(a / b for a, b in pairs)
    sys.stdout.write(f"detect {first:.2f} s, import torch, cv2 {second:.2f} s: {ratio:.2f}\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
