"""`map`, `detector map`, `valid`, `valid2`, `recall`, `eval coco` and `eval voc`."""

from __future__ import annotations

from typing import Any

import click

from darknet_py.cli.click_options import PATH, arguments, options_of
from darknet_py.cli.network_arguments import network_arguments
from darknet_py.options.evaluation import (
    AnchorOptions,
    CompareOptions,
    CompareRunsOptions,
    MapOptions,
    MatchOptions,
    RecallOptions,
    ValidOptions,
    VocOptions,
)


@click.command("map")
@network_arguments("data|folder", "cfg", "[weights]")
@options_of(MapOptions, "thresh", MatchOptions)
def mean_ap(**choices: Any) -> None:
    """Score WEIGHTS on the images of DATA's valid= list: AP of each class, and their mean.

    Whether images keep their aspect is decided by letter_box=1 in [net], as in AlexeyAB's program.
    """
    from darknet_py.evaluate.command import run

    run(MapOptions(**choices))


@click.command()
@network_arguments("data|folder", "cfg", "[weights]")
@options_of(ValidOptions)
def valid(**choices: Any) -> None:
    """Write what is found in the images of DATA's valid= to result files.

    eval= in DATA says in which form: coco, voc (a comp4 file per class), imagenet, bdd or kitti;
    results= says in which folder.
    """
    from darknet_py.evaluate.valid_command import valid as run

    run(ValidOptions(**choices))


@click.command()
@network_arguments("data|folder", "cfg", "[weights]")
@options_of(ValidOptions)
def valid2(**choices: Any) -> None:
    """Like valid, with every image and its mirror image averaged."""
    from darknet_py.evaluate.valid_command import valid as run

    run(ValidOptions(mirrored=True, **choices))


@click.command()
@network_arguments("data|folder", "cfg", "[weights]")
@options_of(RecallOptions)
def recall(**choices: Any) -> None:
    """Count the labels of DATA's valid= that any box overlaps by half, whatever its class."""
    from darknet_py.evaluate.valid_command import recall as run

    run(RecallOptions(**choices))


@click.command()
@click.argument("annotations")
@click.argument("results")
@click.option("--named_only", is_flag=True, help="Leave out images that RESULTS does not name.")
def coco(annotations: str, results: str, named_only: bool) -> None:
    """Print pycocotools' metrics of RESULTS (a JSON list, as valid writes it) by ANNOTATIONS."""
    from darknet_py.evaluate.eval_files_command import eval_coco

    eval_coco(annotations, results, named_only)


@click.command()
@arguments("data", "[folder]")
@options_of(VocOptions)
def voc(**choices: Any) -> None:
    """Print VOC's AP of the comp4 files in FOLDER (default: results= of DATA)."""
    from darknet_py.evaluate.eval_files_command import eval_voc

    eval_voc(VocOptions(**choices))


@click.command()
@arguments("data|folder", "[cfg]")
@options_of(AnchorOptions)
def calc_anchors(**choices: Any) -> None:
    """Find anchors for the labels of DATA's train= list; with CFG, compare with its own."""
    from darknet_py.anchors.command import run

    run(AnchorOptions(**choices))


@click.command()
@arguments("run_a", "run_b")
@options_of(CompareOptions)
def compare(run_a: str, run_b: str, score: float, iou: float, show: int) -> None:
    """Say how two runs differ: which images, classes and boxes, and by how much.

    A run is a file that detect -out, valid (coco, bdd) or map -out has written, or a detect or map
    command in quotes, which is then run. Trainings: `compare runs`.
    """
    from darknet_py.cli.main import execute
    from darknet_py.evaluate.compare import Tolerance
    from darknet_py.evaluate.compare_command import run

    run(run_a, run_b, Tolerance(score, iou), show, execute)


@click.command("runs")
@click.argument("runs", nargs=-1, required=True, type=PATH)
@options_of(CompareRunsOptions)
def compare_runs(**choices: Any) -> None:
    """Put trainings beside each other: their losses, best mAP and speed as a table and as curves.

    RUNS are folders in which trainings keep their weights, or their results.csv.
    """
    from darknet_py.train.runs_command import run

    run(CompareRunsOptions(**choices))
