"""Running somebody's script as `python SCRIPT ARGUMENTS...` does, inside a process of ours.

Nearly what runpy.run_path does, which changes sys.argv[0] and takes the module away at its end,
while threads and functions of atexit may still look for it.
"""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Sequence
from importlib.machinery import SourceFileLoader
from types import ModuleType, TracebackType

FAILED, INTERRUPTED = 1, 130


def run_script(words: Sequence[str]) -> int:
    """Run the script words[0] with the words after it; the exit code where it does not exit itself.

    It is `__main__`, sees `__file__` and sys.argv as ever, and imports what lies beside it; beside
    the file itself where the name is a symbolic link. An exception is shown from the script on, as
    if nothing had called it. SystemExit passes through.
    """
    script = os.path.abspath(words[0])
    sys.argv = list(words)
    if not getattr(sys.flags, "safe_path", False):  # python -P puts no folder there
        sys.path[0] = os.path.dirname(os.path.realpath(script))
    try:
        _execute(script)
    except (Exception, KeyboardInterrupt) as failure:  # noqa: BLE001 - as Python itself does
        shown = failure.with_traceback(_of_the_script(failure.__traceback__, script))
        sys.excepthook(type(shown), shown, shown.__traceback__)
        return INTERRUPTED if isinstance(failure, KeyboardInterrupt) else FAILED
    return 0


def _execute(script: str) -> None:
    module = ModuleType("__main__")
    module.__file__, module.__loader__ = script, SourceFileLoader("__main__", script)
    with io.open_code(script) as file:
        code = compile(file.read(), script, "exec", dont_inherit=True)
    sys.modules["__main__"] = module
    exec(code, module.__dict__)


def _of_the_script(trace: TracebackType | None, script: str) -> TracebackType | None:
    """The part of a traceback that begins in the script; None where the script never began."""
    while trace is not None and trace.tb_frame.f_code.co_filename != script:
        trace = trace.tb_next
    return trace
