"""The table of commands: their words, where their functions are, their lines in the help."""

from __future__ import annotations

from typing import NamedTuple

OTHER = "Darknet's other words"
"""The section of --help for what few people ask for."""


class Command(NamedTuple):
    """Where a command's function is, its line in the help, and the section of that line."""

    home: str
    help: str
    section: str = "Commands"


COMMANDS = {
    "detect": Command("darknet_py.cli.detector_commands:detect", "Find the objects in images."),
    "detector test": Command(
        "darknet_py.cli.detector_commands:test", "Find the objects in images."
    ),
    "map": Command(
        "darknet_py.cli.evaluate_commands:mean_ap", "Score a network on labelled images."
    ),
    "detector map": Command(
        "darknet_py.cli.evaluate_commands:mean_ap", "Score a network on labelled images."
    ),
    "train": Command("darknet_py.cli.train_commands:train", "Train a detection network."),
    "detector train": Command("darknet_py.cli.train_commands:train", "Train a detection network."),
    "classifier train": Command("darknet_py.cli.train_commands:classifier", "Train a classifier."),
    "classify": Command("darknet_py.cli.classifier_commands:classify", "Say what images show."),
    "classifier predict": Command(
        "darknet_py.cli.classifier_commands:predict", "Say what images show."
    ),
    "classifier valid": Command(
        "darknet_py.cli.classifier_commands:valid", "Measure how often a classifier is right."
    ),
    "classifier valid10": Command(
        "darknet_py.cli.classifier_commands:valid10", "The same, by ten pieces of each image."
    ),
    "classifier validcrop": Command(
        "darknet_py.cli.classifier_commands:validcrop", "The same, by the stretched image."
    ),
    "classifier validfull": Command(
        "darknet_py.cli.classifier_commands:validfull",
        "The same, by the whole image at its aspect.",
    ),
    "classifier validmulti": Command(
        "darknet_py.cli.classifier_commands:validmulti",
        "The same, by the image in several sizes.",
    ),
    "classifier test": Command(
        "darknet_py.cli.classifier_commands:test", "Print all scores of listed images."
    ),
    "classifier label": Command(
        "darknet_py.cli.classifier_commands:label", "Print the class of listed images."
    ),
    "classifier csv": Command(
        "darknet_py.cli.classifier_commands:csv",
        "Print the best classes' numbers of listed images.",
    ),
    "rnn train": Command(
        "darknet_py.cli.train_commands:rnn", "Train a recurrent network on a text."
    ),
    "rnn generate": Command(
        "darknet_py.cli.rnn_commands:generate", "Write a text that a recurrent network makes up."
    ),
    "rnn valid": Command(
        "darknet_py.cli.rnn_commands:valid", "Measure how well a recurrent network predicts a text."
    ),
    "detector valid": Command(
        "darknet_py.cli.evaluate_commands:valid",
        "Write result files in the forms of COCO, VOC, ...",
    ),
    "detector valid2": Command(
        "darknet_py.cli.evaluate_commands:valid2", "Like valid, averaged with mirrored images."
    ),
    "detector recall": Command(
        "darknet_py.cli.evaluate_commands:recall", "Count the labels that any box overlaps."
    ),
    "compare": Command("darknet_py.cli.evaluate_commands:compare", "Say how two runs differ."),
    "detector calc_anchors": Command(
        "darknet_py.cli.evaluate_commands:calc_anchors", "Find anchors for the boxes of a data set."
    ),
    "eval coco": Command(
        "darknet_py.cli.evaluate_commands:coco", "pycocotools' metrics of a file of results."
    ),
    "eval voc": Command("darknet_py.cli.evaluate_commands:voc", "VOC's AP of comp4 files."),
    "export": Command(
        "darknet_py.cli.tool_commands:export", "Write a network as ONNX and other formats."
    ),
    "summary": Command(
        "darknet_py.cli.tool_commands:summary", "Show a network's layers and what they cost."
    ),
    "check": Command(
        "darknet_py.cli.tool_commands:check", "List all that is wrong with cfg, weights, data."
    ),
    "data shapes": Command(
        "darknet_py.cli.data_commands:shapes", "Draw a labelled data set of shapes."
    ),
    "data sheet": Command(
        "darknet_py.cli.data_commands:sheet", "Show training samples as augmentation leaves them."
    ),
    "partial": Command(
        "darknet_py.cli.tool_commands:partial", "Save the first layers of a weights file."
    ),
    "average": Command(
        "darknet_py.cli.weights_commands:average", "Write the mean of weights files.", OTHER
    ),
    "reset": Command(
        "darknet_py.cli.weights_commands:reset", "Empty batch normalisation into weights.", OTHER
    ),
    "denormalize": Command(
        "darknet_py.cli.weights_commands:denormalize",
        "Fold batch normalisation into weights.",
        OTHER,
    ),
    "normalize": Command(
        "darknet_py.cli.weights_commands:normalize",
        "Add batch normalisation where there is none.",
        OTHER,
    ),
    "rgbgr": Command(
        "darknet_py.cli.weights_commands:rgbgr", "Make a network read BGR instead of RGB.", OTHER
    ),
    "rescale": Command(
        "darknet_py.cli.weights_commands:rescale",
        "Make a network that read -1 to 1 read 0 to 1.",
        OTHER,
    ),
    "statistics": Command(
        "darknet_py.cli.weights_commands:statistics", "Print mean and variance of matrices.", OTHER
    ),
    "print": Command(
        "darknet_py.cli.weights_commands:print_weights", "Print the weights of a layer.", OTHER
    ),
    "oneoff": Command(
        "darknet_py.cli.weights_commands:oneoff",
        "Start a YOLO9000 detector from a classifier.",
        OTHER,
    ),
    "oneoff2": Command(
        "darknet_py.cli.weights_commands:oneoff2", "Load a weights file at two layers.", OTHER
    ),
    "cfglayers": Command(
        "darknet_py.cli.weights_commands:cfglayers", "Count the sections of cfg files.", OTHER
    ),
    "doctor": Command(
        "darknet_py.cli.tool_commands:doctor", "Show what this machine offers to run networks."
    ),
    "benchmark": Command(
        "darknet_py.cli.benchmark_commands:benchmark", "Time a network on engines side by side."
    ),
    "speed": Command("darknet_py.cli.benchmark_commands:speed", "Time a network as Darknet does."),
    "ops": Command("darknet_py.cli.benchmark_commands:ops", "Count a network's operations."),
}
"""Every command: its words, its function, its help. To add one, add a row."""
GROUPS = {
    "data": Command("", "Data sets: shapes draws one, sheet shows what training sees."),
    "detector": Command("", "Darknet's words for detection networks: train, test, map, valid ..."),
    "classifier": Command(
        "", "Darknet's words for classification networks: train, predict, valid ..."
    ),
    "rnn": Command("", "Darknet's words for recurrent networks on texts: train, generate, valid."),
    "eval": Command("", "Score files of results that have been written before: coco, voc."),
}
"""Groups of commands; a row's home is empty."""
