"""The process that runs cases: folder names come on stdin, a line of JSON is given back for each.

`python -m fuzz.worker MEMORY SECONDS`: bytes a case may take besides what the process holds, and
how long it may run. A longer one ends the process, with where it was on stderr.
"""

from __future__ import annotations

import contextlib
import dataclasses
import faulthandler
import gc
import json
import os
import resource
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO

import torch

from darknet_py.benchmark.peak_memory import Meter
from fuzz.cases import Verdict, read_case
from fuzz.entries import crash, judged, run

HEADROOM = 4 << 30
"""Address space that libraries may ask for without using it."""
COMPUTING = 1 << 30
"""Cases that may take so much run networks, which may be too large for the machine."""
NO_MEMORY = "there is not enough memory"


@contextlib.contextmanager
def captured() -> Iterator[tuple[IO[bytes], IO[bytes]]]:
    """stdout and stderr go to the files that are given, of C code as well; stdin is empty."""
    saved = [os.dup(number) for number in range(3)]
    with (
        open(os.devnull, "rb") as null,
        tempfile.TemporaryFile() as said,
        tempfile.TemporaryFile() as errors,
    ):
        for number, file in enumerate((null, said, errors)):
            os.dup2(file.fileno(), number)
        try:
            yield said, errors
            sys.stdout.flush()
            sys.stderr.flush()
        finally:
            for number, there in enumerate(saved):
                os.dup2(there, number)
                os.close(there)


def _text(file: IO[bytes]) -> str:
    file.seek(0)
    return file.read().decode(errors="replace")


def verdict(folder: Path, memory: int) -> Verdict:
    case = read_case(folder)
    before = set(folder.rglob("*"))
    meter = Meter(torch.device("cpu"))
    with captured() as files:
        try:
            code = run(case.words)
        except Exception as error:  # noqa: BLE001 - any of them is a finding
            return crash(error)
        sys.stdout.flush()
        sys.stderr.flush()
        stdout, stderr = map(_text, files)
    taken = meter.growth() or 0
    gone = NO_MEMORY in stderr and memory < COMPUTING
    if taken > memory or gone:
        return Verdict("memory", f"{case.words[0]}: over the limit", f"{taken >> 20} MiB\n{stderr}")
    return judged(code, stdout, stderr, folder, before)


def main(memory: int, seconds: float) -> None:
    torch.set_num_threads(1)
    gc.collect()
    gc.freeze()  # what is there now is not looked through again for each case
    virtual = int(Path("/proc/self/statm").read_text().split()[0]) * os.sysconf("SC_PAGE_SIZE")
    resource.setrlimit(resource.RLIMIT_AS, (virtual + HEADROOM,) * 2)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    orders, answers, report = (os.fdopen(os.dup(n), mode) for n, mode in enumerate("rww"))
    faulthandler.enable(report)
    for line in orders:
        folder = Path(json.loads(line))
        os.chdir(folder)
        faulthandler.dump_traceback_later(seconds, exit=True, file=report)
        result = verdict(folder, memory)
        faulthandler.cancel_dump_traceback_later()
        answers.write(json.dumps(dataclasses.asdict(result)) + "\n")
        answers.flush()


if __name__ == "__main__":
    main(int(sys.argv[1]), float(sys.argv[2]))
