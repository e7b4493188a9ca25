"""python -m mutants --seed 1: so many one-line mutants of the package, and what the tests notice.

Each mutant lives in a copy of the project; the tests that run its line are run up to the first that
fails. Verdicts go to a log as they come: --resume goes on with a run that was stopped.
"""

from __future__ import annotations

import argparse
import json
import os
import queue
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path

from mutants.copies import Copy
from mutants.equivalents import LISTED, equivalents, reason_of
from mutants.line_map import line_map
from mutants.mutant import Mutant, drawn
from mutants.project import SLOW, Project
from mutants.trial import Trials, Verdict

ROOT = Path(__file__).resolve().parents[2]


def parsed(words: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="mutants", description=__doc__)
    parser.add_argument("--seed", type=int, default=1, help="which mutants (1)")
    parser.add_argument("--count", type=int, default=100, help="how many (100)")
    parser.add_argument("--workers", type=int, default=os.cpu_count(), help="processes at a time")
    parser.add_argument("--only", default="", help="files whose path starts with this")
    parser.add_argument("--resume", action="store_true", help="keep the verdicts of a stopped run")
    parser.add_argument("--root", type=Path, default=ROOT, help="the project's folder")
    parser.add_argument("--package", default="darknet_py", help="its package")
    parser.add_argument("--preload", default=",".join(SLOW), help="modules imported once for all")
    parser.add_argument("--folder", type=Path, help="for the map of lines and the logs (.mutants)")
    return parser.parse_args(words)


def main(words: list[str]) -> None:
    options = parsed(words)
    preloaded = tuple(options.preload.split(","))
    project = Project(options.root.resolve(), options.package, preloaded)
    folder = options.folder or project.root / ".mutants"
    start = time.monotonic()
    lines = line_map(project, folder / "lines.json", options.workers)
    files = [one for one in project.sources if _is_below(one, project, options.only)]
    mutants = drawn(project.root, files, options.seed, options.count)
    listed = equivalents(LISTED.read_text())
    tried = [mutant for mutant in mutants if not reason_of(mutant, listed)]
    log = folder / f"seed-{options.seed}.jsonl"
    trials = Trials(project, lines)
    verdicts = judged(tried, trials, options.workers, _kept(log, options.resume), log)
    say(report(tried, verdicts))
    say(f"{len(mutants) - len(tried)} equivalent, {(time.monotonic() - start) / 60:.1f} minutes")


def _is_below(path: Path, project: Project, prefix: str) -> bool:
    return str(path.relative_to(project.root)).startswith(prefix)


def _kept(log: Path, resume: bool) -> dict[str, Verdict]:
    """The verdicts of an earlier run; without --resume its log is begun anew."""
    if not resume or not log.exists():
        log.unlink(missing_ok=True)
        return {}
    rows = [json.loads(line) for line in log.read_text().splitlines()]
    return {row["mutant"]: Verdict(row["noticed"], row["by"]) for row in rows}


def judged(
    mutants: list[Mutant],
    trials: Trials,
    workers: int,
    known: dict[str, Verdict],
    log: Path,
) -> dict[str, Verdict]:
    """Mutant's key -> verdict, from so many copies of the project at a time."""
    verdicts = dict(known)
    left = [mutant for mutant in mutants if mutant.key not in known]
    with tempfile.TemporaryDirectory(prefix="mutants-") as folder, log.open("a") as file:
        copies: queue.SimpleQueue[Copy] = queue.SimpleQueue()
        made = [
            Copy.of(trials.project.root, Path(folder) / str(number), trials.project.preloaded)
            for number in range(min(workers, len(left)))
        ]
        for copy in made:
            copies.put(copy)

        def judge(mutant: Mutant) -> Verdict:
            copy = copies.get()
            try:
                return trials.verdict(mutant, copy)
            finally:
                copies.put(copy)

        with ThreadPoolExecutor(workers) as pool:
            pending = {pool.submit(judge, mutant): mutant for mutant in left}
            for future in as_completed(pending):
                mutant, actual = pending[future], future.result()
                verdicts[mutant.key] = actual
                row = {"mutant": mutant.key, "noticed": actual.noticed, "by": actual.by}
                file.write(json.dumps(row) + "\n")
                file.flush()
                say(f"{'noticed ' if actual.noticed else 'SURVIVED'} {mutant.key} ({actual.by})")
        for copy in made:
            copy.close()
    return verdicts


def report(mutants: list[Mutant], verdicts: dict[str, Verdict]) -> str:
    """The survivors, each with its line before and after, and the share that is noticed."""
    survivors = [mutant for mutant in mutants if not verdicts[mutant.key].noticed]
    text = "".join(
        f"\n{one.path}:{one.line}: {one.kind}, {verdicts[one.key].by}\n"
        f"  - {one.before}\n  + {one.after}\n"
        for one in sorted(survivors, key=lambda one: (one.path, one.line))
    )
    noticed = len(mutants) - len(survivors)
    share = 100 * noticed / max(len(mutants), 1)
    return f"{text}\nnoticed {noticed} of {len(mutants)}: {share:.1f} %"


def say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(sys.argv[1:])
