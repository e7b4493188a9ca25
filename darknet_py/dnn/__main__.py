"""`python -m darknet_py.dnn script.py arguments`: a script for OpenCV 4 finds its functions."""

from __future__ import annotations

import os
import runpy
import sys
from types import TracebackType

from darknet_py.dnn import install

USAGE = "usage: python -m darknet_py.dnn SCRIPT.py [ARGUMENTS...]"


def main(argv: list[str]) -> int:
    """Runs the script as `python SCRIPT.py` would; its own exit codes and tracebacks stay."""
    if not argv or argv[0] in ("-h", "--help"):
        sys.stderr.write(f"{USAGE}\n")
        return 0 if argv else 2
    script = argv[0]
    if not os.path.exists(script):
        sys.stderr.write(f"{script}: no such file; check the path\n")
        return 2
    install()
    sys.argv = list(argv)
    sys.path[0] = os.path.dirname(os.path.abspath(script))
    try:
        runpy.run_path(script, run_name="__main__")
    except Exception as failure:  # noqa: BLE001
        trace = _of_the_script(failure.__traceback__, script)
        sys.excepthook(type(failure), failure.with_traceback(trace), trace)
        return 1
    return 0


def _of_the_script(trace: TracebackType | None, script: str) -> TracebackType | None:
    """The part of a traceback that begins in the script; all of it where none does."""
    part = trace
    while part is not None and part.tb_frame.f_code.co_filename != script:
        part = part.tb_next
    return part or trace


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
