"""What a case runs: the program's command line, or a call of the library."""

from __future__ import annotations

import json
import re
import sys
import traceback
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

import darknet_py
from darknet_py.cli.main import execute
from fuzz.cases import COMMAND, Verdict

PACKAGE = str(Path(darknet_py.__file__).parent)
WARNING = re.compile(r"\w+Warning: .*")
NOT_FINITE = re.compile(r"\b(nan|inf|infinity)\b", re.IGNORECASE)
REFUSALS = (1, 2)


def load(words: Sequence[str]) -> None:
    """`python load CFG WEIGHTS IMAGE`: boxes are finite."""
    cfg, weights, image = words
    result = darknet_py.load(cfg, weights, device="cpu")(image, thresh=0.01)
    boxes = result.boxes
    if not (np.isfinite(boxes.xyxy).all() and np.isfinite(boxes.confidence).all()):
        raise FloatingPointError("a box is not finite")


LIBRARY: dict[str, Callable[[Sequence[str]], None]] = {"load": load}
"""A case whose first word is "python": its second is a row here."""


def run(words: Sequence[str]) -> int:
    """The exit code; whatever else is raised is a fault."""
    if words[0] != "python":
        return execute(words)
    try:
        LIBRARY[words[1]](words[2:])
    except darknet_py.DarknetError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


def crash(error: BaseException) -> Verdict:
    """A traceback, known by its type and the innermost line of the package in it."""
    frames = traceback.extract_tb(error.__traceback__)
    ours = [frame for frame in frames if frame.filename.startswith(PACKAGE)] or frames
    where = f"{Path(ours[-1].filename).name}:{ours[-1].lineno}"
    kind = "memory" if isinstance(error, MemoryError) else "traceback"
    text = "".join(traceback.format_exception(error))
    return Verdict(kind, f"{type(error).__name__} {where}", text)


def judged(code: int, stdout: str, stderr: str, folder: Path, before: set[Path]) -> Verdict:
    """What is to be said of a run that ended by itself."""
    if warned := WARNING.search(stderr):
        return Verdict("warning", warned.group()[:120], stderr)
    if code and not (stdout + stderr).strip():
        return Verdict("wordless", f"exit code {code}", "")
    if code and "Traceback" in stderr:
        return Verdict("traceback", stderr.strip().splitlines()[-1][:120], stderr)
    for path in sorted(set(folder.rglob("*")) - before):
        if path.suffix in (".json", ".txt") and path.name != COMMAND and path.is_file():
            text = path.read_text(errors="replace")
            # Weights may be written to any name.
            if "\0" in text:
                continue
            if bad := NOT_FINITE.search(_bare(text, path.suffix)):
                return Verdict(
                    "not finite", f"{bad.group().lower()} in a {path.suffix} file", text[:2000]
                )
    return Verdict("refused" if code in REFUSALS else "fine")


def _bare(text: str, suffix: str) -> str:
    """Without the strings of a JSON document, which may say anything."""
    if suffix != ".json":
        return text
    try:
        json.loads(text)
    except ValueError:
        return "nan (no JSON)"
    return re.sub(r'"(\\.|[^"\\])*"', "", text)
