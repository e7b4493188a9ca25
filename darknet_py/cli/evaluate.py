"""`map`, `detector map`, `valid`, `valid2`, `recall`, `eval coco` and `eval voc`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

from darknet_py.cli import options

F = TypeVar("F", bound=Callable[..., Any])

LETTER_BOX = "No effect, as in AlexeyAB's program: letter_box=1 in [net] decides."

BATCH = click.option(
    "--batch",
    type=click.IntRange(1),
    default=4,
    show_default=True,
    help="Pictures run at once, on a CPU by each core.",
)

IOU_THRESH = click.option(
    "--iou_thresh",
    type=float,
    default=0.5,
    show_default=True,
    help="Overlap with its label that makes a box a hit.",
)
POINTS = click.option(
    "--points",
    type=int,
    default=0,
    show_default=True,
    help="Recalls the AP is taken at: 0 for the area under the curve, 11 VOC 2007, 101 COCO.",
)


def setup(command: F) -> F:
    """DATA CFG WEIGHTS, and the options of every command of evaluation."""
    size = (options.height, options.width)
    for decorate in (options.running, options.where, *size, options.fork, BATCH):
        command = decorate(command)
    for name in ("weights", "cfg", "data"):
        command = click.argument(name)(command)
    return command


@click.command("map")
@click.option(
    "--thresh",
    type=float,
    default=0.25,
    show_default=True,
    help="Score a box must be over to count in TP, FP, precision, recall; not in the AP.",
)
@IOU_THRESH
@POINTS
@click.option("--letter_box", is_flag=True, expose_value=False, help=LETTER_BOX)
@click.option(
    "--out",
    multiple=True,
    metavar="FILE",
    help="Write the figures as JSON, or to FILE.csv a line per class; may be given twice.",
)
@click.option("--coco", is_flag=True, help="Print pycocotools' figures of the same boxes as well.")
@click.option(
    "--curves", metavar="FILE.png", help="Draw precision-recall, and F1 over the threshold."
)
@click.option("--confusion", metavar="FILE.png", help="Draw which class is taken for which.")
@click.option(
    "--worst",
    type=(int, str),
    metavar="N DIR",
    help="Draw the N pictures with most errors into DIR: labels green (missed: yellow), boxes "
    "blue (wrong: red).",
)
@setup
def mean_ap(**choices: Any) -> None:
    """Score WEIGHTS on the pictures of DATA's valid= list: AP of each class, and their mean."""
    from darknet_py.evaluate.command import Job, run

    run(Job(**choices))


OUT = click.option(
    "--out", metavar="NAME", help="Name of the files, instead of the one the form has."
)


@click.command()
@OUT
@setup
def valid(**choices: Any) -> None:
    """Write what is found in the pictures of DATA's valid= to result files.

    eval= in DATA says in which form: coco, voc (a comp4 file per class), imagenet, bdd or kitti;
    results= says in which folder.
    """
    from darknet_py.evaluate.valid_command import Valid
    from darknet_py.evaluate.valid_command import valid as run

    run(Valid(**choices))


@click.command()
@OUT
@setup
def valid2(**choices: Any) -> None:
    """Like valid, with every picture and its mirror image averaged."""
    from darknet_py.evaluate.valid_command import Valid
    from darknet_py.evaluate.valid_command import valid as run

    run(Valid(mirrored=True, **choices))


@click.command()
@setup
def recall(**choices: Any) -> None:
    """Count the labels of DATA's valid= that any box overlaps by half, whatever its class."""
    from darknet_py.evaluate.inputs import Setup
    from darknet_py.evaluate.valid_command import recall as run

    run(Setup(**choices))


@click.command()
@click.argument("annotations")
@click.argument("results")
@click.option(
    "--named_only", is_flag=True, help="Leave out the pictures that RESULTS does not name."
)
def coco(annotations: str, results: str, named_only: bool) -> None:
    """Print pycocotools' figures of RESULTS (a JSON list, as valid writes it) by ANNOTATIONS."""
    from darknet_py.evaluate.files_command import eval_coco

    eval_coco(annotations, results, named_only)


@click.command()
@click.argument("data")
@click.argument("folder", required=False)
@click.option("--prefix", default="comp4_det_test_", show_default=True, help="Of the files.")
@click.option("--annotations", metavar="DIR", help="VOC's XML files (default: beside JPEGImages).")
@click.option("--labels", is_flag=True, help="Score against YOLO labels instead of XML files.")
@IOU_THRESH
@POINTS
def voc(**choices: Any) -> None:
    """Print VOC's AP of the comp4 files in FOLDER (default: results= of DATA)."""
    from darknet_py.evaluate.files_command import Voc, eval_voc

    eval_voc(Voc(**choices))


@click.command()
@click.argument("data")
@click.argument("cfg", required=False)
@click.option(
    "--num_of_clusters",
    type=click.IntRange(1),
    help="How many anchors (default: as many as CFG has, else 5).",
)
@click.option("--width", type=click.IntRange(1), help="Input width (default: CFG's).")
@click.option("--height", type=click.IntRange(1), help="Input height (default: CFG's).")
@click.option("--show", is_flag=True, help="Draw boxes and anchors in cloud.png; opens no window.")
@click.option(
    "--runs",
    type=click.IntRange(1),
    default=10,
    show_default=True,
    help="Runs of k-means, of which the best counts.",
)
@click.option("--seed", type=int, default=0, show_default=True, help="Same seed, same anchors.")
@click.option(
    "--write_cfg", metavar="FILE", help="Write CFG with the new anchors, masks and filters."
)
@options.fork
def calc_anchors(**choices: Any) -> None:
    """Find anchors for the labels of DATA's train= list; with CFG, compare with its own."""
    from darknet_py.evaluate.anchor_command import Job, run

    run(Job(**choices))


@click.command()
@click.argument("run_a")
@click.argument("run_b")
@click.option(
    "--score",
    type=float,
    default=0.005,
    show_default=True,
    help="Scores that differ by no more are the same.",
)
@click.option(
    "--iou",
    type=float,
    default=0.98,
    show_default=True,
    help="Boxes that overlap by no less are the same.",
)
@click.option(
    "--show", type=click.IntRange(0), default=10, show_default=True, help="Differences listed."
)
def compare(run_a: str, run_b: str, score: float, iou: float, show: int) -> None:
    """Say how two runs differ: which pictures, classes and boxes, and by how much.

    A run is a file that detect -out, valid (coco, bdd) or map -out has written, or the words of a
    detect or map command in quotes, which is then run.
    """
    from darknet_py.cli.main import execute
    from darknet_py.evaluate.compare import Tolerance
    from darknet_py.evaluate.compare_command import run

    run(run_a, run_b, Tolerance(score, iou), show, execute)
