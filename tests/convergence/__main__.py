"""python -m convergence: does it train like Darknet? Small nets, five seeds each, against the C
program's figures; exit code 1 where the means differ. About ten minutes on two processors.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import time
from pathlib import Path

from convergence.compared import LEVEL, rows, table
from convergence.figures import C_FIGURES, Figures, read_figures
from convergence.picture import draw
from convergence.training import Training, draw_data, run_all
from darknet_py.system import processors

ROOT = Path(__file__).resolve().parents[2]


def parsed(words: list[str], nets: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="convergence", description=__doc__)
    parser.add_argument("--nets", nargs="+", choices=nets, default=nets, help="which (all)")
    parser.add_argument("--seeds", type=int, default=5, help="trainings of each net (5)")
    parser.add_argument("--jobs", type=int, default=processors(), help="trainings at a time")
    parser.add_argument("--folder", type=Path, default=ROOT / ".convergence", help="for all files")
    parser.add_argument("--resume", action="store_true", help="keep what a stopped run has done")
    return parser.parse_args(words)


def main(words: list[str]) -> int:
    c = read_figures(C_FIGURES)
    options = parsed(words, list(c))
    ours = trained(options, c)
    draw(options.folder / "curves.png", c, ours)
    compared = list(rows(c, ours))
    say(table(compared))
    differ = sum(row.fails for row in compared)
    say(f"Welch's t at {LEVEL:.0%}: {differ} of {sum(row.judged for row in compared)} differ")
    say(f"curves: {options.folder / 'curves.png'}")
    return int(bool(differ))


def trained(options: argparse.Namespace, c: Figures) -> Figures:
    if not options.resume:
        shutil.rmtree(options.folder, ignore_errors=True)
    draw_data(options.folder)
    seeds = range(1, options.seeds + 1)
    points = {net: tuple(c[net][0].map) for net in options.nets}
    trainings = [Training(net, n, points[net], options.folder) for net in points for n in seeds]
    start, made = time.monotonic(), {}
    for training, figures in run_all(trainings, options.jobs):
        made[training] = figures
        minutes = (time.monotonic() - start) / 60
        last = f"mAP {figures.map[training.points[-1]]:.1f} %, loss {figures.last_loss:.2f}"
        say(f"{training.net}, seed {training.seed}: {last} ({minutes:.1f} minutes)")
    return {net: [made[one] for one in trainings if one.net == net] for net in options.nets}


def say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
