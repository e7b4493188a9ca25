"""`python -m darknet_py.compat script.py args`: a script with `darknet` importable, unchanged."""

from __future__ import annotations

import sys
from pathlib import Path

from darknet_py.compat.dialects import use_dialect
from darknet_py.errors import DarknetError
from darknet_py.run_script import run_script

USAGE = "usage: python -m darknet_py.compat [--dialect NAME] SCRIPT [ARGS...]"


def run(words: list[str]) -> int:
    """Run the script that `words` begin with, as `python SCRIPT ARGS...` does; its exit code.

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
    return run_script(words)


if __name__ == "__main__":
    sys.exit(run(sys.argv[1:]))
