"""`map` and `detector map`."""

from __future__ import annotations

from typing import Any

import click

from darknet_py.cli import options

LETTER_BOX = "No effect, as in AlexeyAB's program: letter_box=1 in [net] decides."


@click.command("map")
@click.argument("data")
@click.argument("cfg")
@click.argument("weights")
@click.option(
    "--thresh",
    type=float,
    default=0.25,
    show_default=True,
    help="Score a box must be over to count in TP, FP, precision, recall; not in the AP.",
)
@click.option(
    "--iou_thresh",
    type=float,
    default=0.5,
    show_default=True,
    help="Overlap with its label that makes a box a hit.",
)
@click.option(
    "--points",
    type=int,
    default=0,
    show_default=True,
    help="Recalls the AP is taken at: 0 for the area under the curve, 11 VOC 2007, 101 COCO.",
)
@click.option("--letter_box", is_flag=True, expose_value=False, help=LETTER_BOX)
@click.option(
    "--batch",
    type=click.IntRange(1),
    default=4,
    show_default=True,
    help="Pictures run at once, on a CPU by each core.",
)
@click.option(
    "--out",
    multiple=True,
    metavar="FILE",
    help="Write the figures: .json, or .csv with a line per class; may be given twice.",
)
@click.option("--coco", is_flag=True, help="Print pycocotools' figures of the same boxes as well.")
@options.fork
@options.width
@options.height
@options.where
def mean_ap(**choices: Any) -> None:
    """Score WEIGHTS on the pictures of DATA's valid= list: AP of each class, and their mean."""
    from darknet_py.evaluate.command import Job, run

    run(Job(**choices))
