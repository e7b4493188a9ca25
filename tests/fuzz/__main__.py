"""`python -m fuzz [--seed N] [--minutes M] [--out FOLDER] [CATEGORY...]`, or a case's folder.

Each category gets the same time. The smallest input of each fault is written to
OUT/CATEGORY/NUMBER, with what was said in finding.txt; `python -m fuzz FOLDER` runs such a one
again. Exit code 1 when there are findings.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from fuzz.campaign import Campaign, say
from fuzz.cases import COMMAND, read_case
from fuzz.categories import CATEGORIES, Category
from fuzz.seeds import Seeds
from fuzz.supervisor import Supervisor


def fuzz(rows: list[Category], seed: int, minutes: float, out: Path) -> int:
    """How many faults were found; the table of them is printed."""
    seeds = Seeds()
    campaigns = [Campaign(row, list(row.seeds(seeds)), out, seed) for row in rows]
    for campaign in campaigns:
        with Supervisor(campaign.category.memory, campaign.category.seconds) as supervisor:
            campaign.run(supervisor, 60 * minutes / len(campaigns))
        say(campaign.row)
    say(f"\n{'category':10} {'inputs':>7} {'findings':>9}")
    for campaign in campaigns:
        say(campaign.row)
    return sum(len(campaign.findings) for campaign in campaigns)


def again(folder: Path) -> int:
    case = read_case(folder)
    rows = {row.name: row for row in CATEGORIES}
    row = rows.get(case.category, CATEGORIES[-1])
    with Supervisor(row.memory, row.seconds) as supervisor:
        verdict = supervisor.verdict(case)
    say(f"{verdict.kind}: {verdict.signature}\n{verdict.text}")
    return int(verdict.is_finding)


def main() -> int:
    parser = argparse.ArgumentParser(prog="fuzz")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--minutes", type=float, default=20)
    parser.add_argument("--out", type=Path, default=Path("fuzz-found"))
    parser.add_argument("what", nargs="*", help="categories (default: all), or a case's folder")
    given = parser.parse_args()
    if given.what and (Path(given.what[0]) / COMMAND).is_file():
        return max(again(Path(folder)) for folder in given.what)
    chosen = [row for row in CATEGORIES if not given.what or row.name in given.what]
    return int(fuzz(chosen, given.seed, given.minutes, given.out) > 0)


if __name__ == "__main__":
    sys.exit(main())
