"""The C++ programs of this folder built for this machine, each once.

They include no header of torch: they are built in seconds, and fit every version of torch.
"""

from __future__ import annotations

import ctypes
import hashlib
import logging
from collections.abc import Sequence
from pathlib import Path

from darknet_py.engines.cache import kept
from darknet_py.engines.compiler import FLAGS, CannotBuild, build, compiler
from darknet_py.errors import OutputError
from darknet_py.system import instruction_set

logger = logging.getLogger(__name__)
FOLDER = Path(__file__).parent
HEADERS = tuple(sorted(FOLDER.glob("*.h")))


def loaded(source: Path, flags: Sequence[str] = FLAGS) -> ctypes.CDLL:
    """The functions of a program, built now or found from before.

    Raises CannotBuild with the reason.
    """
    texts = [path.read_bytes() for path in (source, *HEADERS)]
    words = (source.name, *texts, tuple(flags), instruction_set())
    key = hashlib.sha256(repr(words).encode()).hexdigest()[:32]
    try:
        return ctypes.CDLL(str(kept(key, ".so", lambda path: _build(source, flags, path))))
    except (OutputError, OSError) as failure:
        raise CannotBuild(str(failure)) from None


def _build(source: Path, flags: Sequence[str], path: Path) -> None:
    logger.info("building the code for this processor of %s, once ...", source.stem)
    build([compiler(), f"-I{FOLDER}"], source.read_text(), path, flags)
