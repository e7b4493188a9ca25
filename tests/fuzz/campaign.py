"""Inputs of one category, what became of them, and the smallest one of each fault."""

from __future__ import annotations

import random
import sys
import time
from collections import Counter
from dataclasses import replace
from pathlib import Path

from fuzz.cases import Case, Verdict, write_case
from fuzz.categories import Category
from fuzz.mutations import mutated
from fuzz.shrink import smallest
from fuzz.supervisor import Supervisor

SHRINKING = 20.0
"""Seconds, for each finding."""


def say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


class Campaign:
    """Inputs of one category; `findings` has one entry a fault."""

    def __init__(self, category: Category, seeds: list[Case], out: Path, seed: int) -> None:
        self.category, self.out = category, out / category.name
        self.seeds = [replace(case, category=category.name) for case in seeds]
        self.rng = random.Random(f"{seed} {category.name}")
        self.counts: Counter[str] = Counter()
        self.findings: dict[tuple[str, str], Case] = {}

    def run(self, supervisor: Supervisor, seconds: float) -> None:
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            case = mutated(self.rng.choice(self.seeds), self.rng)
            self.take(case, supervisor.verdict(case), supervisor)

    def take(self, case: Case, verdict: Verdict, supervisor: Supervisor) -> None:
        self.counts[verdict.kind] += 1
        fault = verdict.kind, verdict.signature
        if not verdict.is_finding or fault in self.findings:
            return
        case = smallest(case, verdict, supervisor.verdict, SHRINKING)
        self.findings[fault] = case
        folder = self.out / f"{len(self.findings):03d}"
        write_case(case, folder)
        (folder / "finding.txt").write_text(f"{verdict.kind}: {verdict.signature}\n{verdict.text}")
        say(f"{self.category.name}: {verdict.kind}: {verdict.signature} ({folder})")

    @property
    def row(self) -> str:
        counted = ", ".join(f"{kind} {count}" for kind, count in sorted(self.counts.items()))
        name, inputs = self.category.name, sum(self.counts.values())
        return f"{name:10} {inputs:7} {len(self.findings):9}   {counted}"
