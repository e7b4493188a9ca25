"""How the processes that make samples are started."""

from __future__ import annotations

import contextlib
import multiprocessing
import sys
import threading
from collections.abc import Iterator
from multiprocessing.context import BaseContext
from typing import Any

PRELOADED = ["darknet_py.data.detection_samples", "darknet_py.data.loader"]
_main_lock = threading.Lock()


def fresh_processes() -> BaseContext:
    """Fresh processes: OpenCV's threads do not outlive a fork, and hang in the child."""
    if "forkserver" not in multiprocessing.get_all_start_methods():
        return multiprocessing.get_context("spawn")
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(PRELOADED)
    return context


@contextlib.contextmanager
def main_left_out() -> Iterator[None]:
    """Fresh processes that are started inside do not run the program's own file once more.

    They need nothing of it, and a script that trains without asking whether it is `__main__` would
    train in each of them again.
    """
    with _main_lock:
        main = vars(sys.modules["__main__"])
        kept: dict[str, Any] = {
            name: main[name] for name in ("__spec__", "__file__") if name in main
        }
        main["__spec__"] = None
        main.pop("__file__", None)
        try:
            yield
        finally:
            del main["__spec__"]
            main.update(kept)
