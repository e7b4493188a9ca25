"""`python -m darknet_py.dnn script.py arguments`: a script for OpenCV 4 finds its functions."""

from __future__ import annotations

import os
import sys

from darknet_py.dnn import install
from darknet_py.run_script import run_script

USAGE = "usage: python -m darknet_py.dnn SCRIPT.py [ARGUMENTS...]"


def main(argv: list[str]) -> int:
    """Runs the script as `python SCRIPT.py` would; its own exit codes and tracebacks stay."""
    if not argv or argv[0] in ("-h", "--help"):
        sys.stderr.write(f"{USAGE}\n")
        return 0 if argv else 2
    if not os.path.exists(argv[0]):
        sys.stderr.write(f"{argv[0]}: no such file; check the path\n")
        return 2
    install()
    return run_script(argv)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
