"""The commands of `yolo` and `coco`: YOLOv1's words, which need no .data file."""

from __future__ import annotations

from typing import Any

import click

from darknet_py.cfg.built_in_data import BUILT_IN
from darknet_py.cli.click_options import options_of
from darknet_py.cli.detector_commands import run_detect
from darknet_py.cli.network_arguments import network_arguments
from darknet_py.cli.train_commands import GOING_ON, IMAGES, MAP, RUNNING, run_training
from darknet_py.options.yolov1_words import (
    CocoRecallOptions,
    CocoTestOptions,
    CocoTrainOptions,
    CocoValidOptions,
    YoloRecallOptions,
    YoloTestOptions,
    YoloTrainOptions,
    YoloValidOptions,
)


def _test(record: type[YoloTestOptions], classes: str) -> click.Command:
    text = f"Find objects of {classes} classes in IMAGES; without any, paths from stdin."

    @click.command("test", help=text)
    @network_arguments("cfg", "[weights]", "images...")
    @options_of(record, "thresh", "hier", "nms", "letter_box", "ext_output", "out", "prefix")
    def command(**choices: Any) -> None:
        run_detect(record(**choices))

    return command


def _valid(record: type[YoloValidOptions], form: str) -> click.Command:
    text = f"Write what is found in the images of {_lists(record, 'valid')} as {form}."

    @click.command("valid", help=text)
    @network_arguments("cfg", "[weights]")
    @options_of(record, "valid", "results", "out", "names")
    def command(**choices: Any) -> None:
        from darknet_py.evaluate.valid_command import valid as run

        run(record(**choices))

    return command


def _recall(record: type[YoloRecallOptions]) -> click.Command:
    text = f"Count the labels of {_lists(record, 'recall')} that any box overlaps by half."

    @click.command("recall", help=text)
    @network_arguments("cfg", "[weights]")
    @options_of(record, "valid")
    def command(**choices: Any) -> None:
        from darknet_py.evaluate.valid_command import recall as run

        run(record(**choices))

    return command


def _train(record: type[YoloTrainOptions]) -> click.Command:
    text = f"Train CFG on the images of {_lists(record, 'train')}, from scratch or from WEIGHTS."
    first = ("train", "backup", *GOING_ON, *MAP, "valid", *RUNNING, *IMAGES)

    @click.command("train", help=text)
    @network_arguments("cfg", "[weights]", fills=False)
    @options_of(record, *first)
    def command(**choices: Any) -> None:
        run_training(record, choices)

    return command


def _lists(
    record: type[YoloValidOptions | YoloRecallOptions | YoloTrainOptions], command: str
) -> str:
    """Where a command looks for its list, for its help."""
    return " or ".join(BUILT_IN[record.word].lists[command])


yolo_test = _test(YoloTestOptions, "VOC's 20")
yolo_train = _train(YoloTrainOptions)
yolo_valid = _valid(YoloValidOptions, "VOC's comp4 files")
yolo_recall = _recall(YoloRecallOptions)
coco_test = _test(CocoTestOptions, "COCO's 80")
coco_train = _train(CocoTrainOptions)
coco_valid = _valid(CocoValidOptions, "COCO's JSON")
coco_recall = _recall(CocoRecallOptions)
