"""A process that has imported what is slow to import, and runs pytest in forks of itself.

Started as a program with the names of modules it imports them. Then it reads a run as a line of
JSON, `{folder, words, env, seconds}`, and answers with a line: the exit code of pytest, or null
when the run took longer. A run's output goes to log.txt in the folder above its own. The package
itself is not imported here: a fork reads it anew.
"""

from __future__ import annotations

import contextlib
import importlib
import json
import os
import resource
import signal
import sys
import time
import traceback
import types
from typing import Any

MEMORY = 12 << 30
"""Bytes of address space a run may take: a mutant may ask for any size."""
POLL = 0.02


def serve(modules: list[str]) -> None:
    for name in modules:
        with contextlib.suppress(ImportError):
            importlib.import_module(name)
    for line in sys.stdin:
        run = json.loads(line)
        print(json.dumps(_ended(_forked(run), run["seconds"])), flush=True)  # noqa: T201


def _forked(run: dict[str, Any]) -> int:
    process = os.fork()
    if process:
        return process
    code = 3
    try:
        _become(run)
        import pytest

        code = int(pytest.main(run["words"]))
    except BaseException:  # noqa: BLE001 - nothing of the fork goes on in the nursery's place
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def _become(run: dict[str, Any]) -> None:
    """The process that `python -m pytest` would be in the run's folder."""
    os.setsid()
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    os.chdir(run["folder"])
    log = os.open("../log.txt", os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    nothing = os.open(os.devnull, os.O_RDONLY)
    for here, there in ((nothing, 0), (log, 1), (log, 2)):
        os.dup2(here, there)
    os.environ.update(run["env"])
    sys.path[:0] = run["env"]["PYTHONPATH"].split(os.pathsep)
    sys.argv = ["pytest", *run["words"]]
    # What a test starts by multiprocessing imports the main module again.
    sys.modules["__main__"] = types.ModuleType("__main__")


def _ended(process: int, seconds: float) -> int | None:
    """The exit code; what the run started and left is ended with it."""
    end = time.monotonic() + seconds
    code = None
    while time.monotonic() < end:
        done, status = os.waitpid(process, os.WNOHANG)
        if done:
            code = os.waitstatus_to_exitcode(status)
            break
        time.sleep(POLL)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process, signal.SIGKILL)
    if code is None:
        os.waitpid(process, 0)
    return code


if __name__ == "__main__":
    serve(sys.argv[1:])
