"""`python -m darknet_py.compat script.py args`: a script with `darknet` importable, unchanged."""

from __future__ import annotations

import runpy
import sys
from pathlib import Path

from darknet_py.compat.dialects import use_dialect
from darknet_py.errors import DarknetError

USAGE = "usage: python -m darknet_py.compat [--dialect NAME] SCRIPT [ARGS...]"


def run(words: list[str]) -> None:
    """Run the script that `words` begin with, as `python SCRIPT ARGS...` does.

    `import darknet` gives darknet_py.compat.darknet there, also where a darknet.py lies beside the
    script. Exits with a line on stderr where there is no such script.
    """
    if words[:1] == ["--dialect"] and len(words) > 1:
        try:
            use_dialect(words[1])
        except DarknetError as failure:
            sys.exit(str(failure))
        words = words[2:]
    if not words or words[0].startswith("-"):
        sys.exit(USAGE)
    script = Path(words[0])
    if not script.is_file():
        sys.exit(f"{script}: no such file; {USAGE}")
    from darknet_py.compat import darknet  # takes seconds, as torch does

    sys.modules["darknet"] = darknet
    sys.argv = words
    sys.path[0] = str(script.resolve().parent)
    runpy.run_path(str(script), run_name="__main__")


if __name__ == "__main__":
    run(sys.argv[1:])
