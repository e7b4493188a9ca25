"""The smallest input that still shows a fault."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

from fuzz.cases import Case, Verdict

PARTS = (1, 2, 4, 8, 16, 32, 64, 128)


def smallest(case: Case, fault: Verdict, judge: Callable[[Case], Verdict], seconds: float) -> Case:
    """Parts of the targets, then whole lines or bytes, go as long as the verdict stays."""
    end = time.monotonic() + seconds
    found = True
    while found and time.monotonic() < end:
        found = False
        for other in _smaller(case):
            if time.monotonic() > end:
                break
            verdict = judge(other)
            if (verdict.kind, verdict.signature) == (fault.kind, fault.signature):
                case, found = other, True
                break
    return case


def _smaller(case: Case) -> Iterator[Case]:
    for name in case.targets:
        content = case.files[name]
        for part in without_a_part(content):
            yield case.with_file(name, part)


def without_a_part(content: bytes) -> Iterator[bytes]:
    """First large parts, then small ones; of a text, whole lines."""
    text = b"\0" not in content and content.count(b"\n") > 1
    pieces = content.splitlines(keepends=True) if text else content
    for count in PARTS:
        size = len(pieces) // count
        if size < 1:
            return
        for start in range(0, len(pieces), size):
            rest = pieces[:start] + pieces[start + size :]
            yield rest if isinstance(rest, bytes) else b"".join(rest)
