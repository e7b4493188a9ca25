"""The table of commands: their words, where their functions are, their lines in the help."""

from __future__ import annotations

from typing import NamedTuple

OTHER = "Darknet's other commands"
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
    "detector demo": Command(
        "darknet_py.cli.demo_commands:detector_demo", "Find the objects in a video or a camera."
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
        "darknet_py.cli.classifier_commands:valid10", "Like valid, on ten crops of each image."
    ),
    "classifier validcrop": Command(
        "darknet_py.cli.classifier_commands:validcrop",
        "Like valid, with images stretched to the input.",
    ),
    "classifier validfull": Command(
        "darknet_py.cli.classifier_commands:validfull",
        "Like valid, on whole images at their aspect ratio.",
    ),
    "classifier validmulti": Command(
        "darknet_py.cli.classifier_commands:validmulti",
        "Like valid, on whole images at several sizes.",
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
    "segmenter train": Command(
        "darknet_py.cli.train_commands:segmenter", "Train a network on the classes of pixels."
    ),
    "segmenter test": Command(
        "darknet_py.cli.segmenter_commands:segmenter", "Paint the classes of pixels over images."
    ),
    "isegmenter train": Command(
        "darknet_py.cli.train_commands:isegmenter", "Train a network to tell objects apart."
    ),
    "isegmenter test": Command(
        "darknet_py.cli.segmenter_commands:isegmenter", "Paint the objects in images one by one."
    ),
    "regressor train": Command(
        "darknet_py.cli.train_commands:regressor", "Train a network on numbers of images."
    ),
    "regressor test": Command(
        "darknet_py.cli.segmenter_commands:regressor", "Print the numbers of images."
    ),
    "rnn validtactic": Command(
        "darknet_py.cli.rnn_commands:valid_tactic", "Like valid, of the parts of a text behind >>."
    ),
    "rnn generatetactic": Command(
        "darknet_py.cli.rnn_commands:generate_tactic",
        "Go on with standard input up to a full stop.",
    ),
    "rnn vec": Command(
        "darknet_py.cli.rnn_commands:vec", "Print what the first layer holds after each line."
    ),
    "go train": Command(
        "darknet_py.cli.train_commands:go", "Train a network on the moves of games of Go."
    ),
    "go valid": Command(
        "darknet_py.cli.go_commands:valid", "Measure how often a network's best move was made."
    ),
    "go test": Command(
        "darknet_py.cli.go_commands:test", "Show the best moves, read the next one."
    ),
    "go engine": Command(
        "darknet_py.cli.go_commands:engine", "Play by the Go Text Protocol (GTP)."
    ),
    "go self": Command(
        "darknet_py.cli.go_commands:play_itself", "Let networks play, and write their moves."
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
    "compare": Command(
        "darknet_py.cli.evaluate_commands:compare",
        "Say how two runs differ; `compare runs`: put trainings beside each other.",
    ),
    "compare runs": Command(
        "darknet_py.cli.evaluate_commands:compare_runs",
        "Put trainings beside each other: a table, and curves.",
    ),
    "detector calc_anchors": Command(
        "darknet_py.cli.evaluate_commands:calc_anchors", "Find anchors for the boxes of a data set."
    ),
    "eval coco": Command(
        "darknet_py.cli.evaluate_commands:coco", "pycocotools' metrics of a file of results."
    ),
    "eval voc": Command("darknet_py.cli.evaluate_commands:voc", "VOC's AP of comp4 files."),
    "serve": Command(
        "darknet_py.cli.serve_command:serve", "Answer over HTTP: a page, and cameras' API."
    ),
    "download": Command(
        "darknet_py.cli.download_command:download", "Bring pre-trained networks by their names."
    ),
    "export": Command(
        "darknet_py.cli.tool_commands:export", "Write a network as ONNX and other formats."
    ),
    "convert": Command(
        "darknet_py.cli.convert_command:convert",
        "Turn PyTorch checkpoints into weights files, and back.",
    ),
    "summary": Command(
        "darknet_py.cli.tool_commands:summary", "Show a network's layers and what they cost."
    ),
    "check": Command(
        "darknet_py.cli.tool_commands:check", "List all that is wrong with cfg, weights, data."
    ),
    "advise": Command(
        "darknet_py.cli.advice_commands:advise", "Say which input, heads, anchors suit a data set."
    ),
    "new-cfg": Command(
        "darknet_py.cli.advice_commands:new_cfg", "Write a cfg for a data set from another one."
    ),
    "data shapes": Command(
        "darknet_py.cli.data_commands:shapes", "Draw a labelled data set of shapes."
    ),
    "data video": Command(
        "darknet_py.cli.data_commands:video", "Draw a video of shapes that move."
    ),
    "data sheet": Command(
        "darknet_py.cli.data_commands:sheet", "Show training samples as augmentation leaves them."
    ),
    "data import": Command(
        "darknet_py.cli.data_commands:import_data", "Take over a data set of another program."
    ),
    "data export": Command(
        "darknet_py.cli.data_commands:export", "Write a data set as COCO's or VOC's."
    ),
    "data split": Command(
        "darknet_py.cli.data_commands:split", "Divide a data set into training and validation."
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
        "darknet_py.cli.doctor_command:doctor", "Show what this machine offers to run networks."
    ),
    "benchmark": Command(
        "darknet_py.cli.benchmark_commands:benchmark", "Time a network on engines side by side."
    ),
    "yolo demo": Command(
        "darknet_py.cli.demo_commands:yolo_demo", "Find the objects in a video or a camera."
    ),
    "coco demo": Command(
        "darknet_py.cli.demo_commands:coco_demo", "Find the objects in a video or a camera."
    ),
    "classifier demo": Command(
        "darknet_py.cli.demo_commands:classifier_demo", "Say what a video or a camera shows."
    ),
    "yolo test": Command("darknet_py.cli.yolo_commands:yolo_test", "Find the objects in images."),
    "yolo train": Command("darknet_py.cli.yolo_commands:yolo_train", "Train a detection network."),
    "yolo valid": Command(
        "darknet_py.cli.yolo_commands:yolo_valid", "Write VOC's comp4 files of results."
    ),
    "yolo recall": Command(
        "darknet_py.cli.yolo_commands:yolo_recall", "Count the labels that any box overlaps."
    ),
    "coco test": Command("darknet_py.cli.yolo_commands:coco_test", "Find the objects in images."),
    "coco train": Command("darknet_py.cli.yolo_commands:coco_train", "Train a detection network."),
    "coco valid": Command(
        "darknet_py.cli.yolo_commands:coco_valid", "Write COCO's JSON of results."
    ),
    "coco recall": Command(
        "darknet_py.cli.yolo_commands:coco_recall", "Count the labels that any box overlaps."
    ),
    "cifar train": Command(
        "darknet_py.cli.cifar_commands:train", "Train a classifier on CIFAR-10."
    ),
    "cifar distill": Command(
        "darknet_py.cli.cifar_commands:distill", "Train one on what others predicted."
    ),
    "cifar test": Command(
        "darknet_py.cli.cifar_commands:test", "Measure how often a classifier is right."
    ),
    "cifar multi": Command(
        "darknet_py.cli.cifar_commands:multi", "The same with mirror images, image by image."
    ),
    "cifar csv": Command(
        "darknet_py.cli.cifar_commands:csv", "Print the scores of the test images."
    ),
    "cifar csvtrain": Command(
        "darknet_py.cli.cifar_commands:csvtrain", "Print the scores of the training images."
    ),
    "cifar eval": Command(
        "darknet_py.cli.cifar_commands:evaluate", "Measure how often printed scores are right."
    ),
    "cifar extract": Command(
        "darknet_py.cli.cifar_commands:extract", "Write all images as PNG files."
    ),
    "calcanchors": Command(
        "darknet_py.cli.evaluate_commands:calc_anchors",
        "Hank.ai's name of detector calc_anchors.",
        OTHER,
    ),
    "help": Command(
        "darknet_py.cli.help_commands:help_of", "The help of a command; `help flags`.", OTHER
    ),
    "version": Command("darknet_py.cli.help_commands:version", "The same as --version.", OTHER),
    "speed": Command("darknet_py.cli.benchmark_commands:speed", "Time a network as Darknet does."),
    "ops": Command("darknet_py.cli.benchmark_commands:ops", "Count a network's operations."),
    "visualize": Command(
        "darknet_py.cli.picture_commands:visualize", "Draw a network's filters.", OTHER
    ),
    "imtest": Command(
        "darknet_py.cli.picture_commands:imtest", "Draw an image in other colours and crops.", OTHER
    ),
    "test": Command("darknet_py.cli.picture_commands:imtest", "The same as imtest.", OTHER),
    "nightmare": Command(
        "darknet_py.cli.picture_commands:nightmare",
        "Change an image so that it excites a layer.",
        OTHER,
    ),
}
"""Every command: its words, its function, its help. To add one, add a row."""
GROUPS = {
    "data": Command(
        "", "Data sets: import and export those of other programs, split, shapes, video, sheet."
    ),
    "detector": Command(
        "", "Darknet's commands for detection networks: train, test, map, valid ..."
    ),
    "classifier": Command(
        "", "Darknet's commands for classification networks: train, predict, valid ..."
    ),
    "rnn": Command(
        "", "Darknet's commands for recurrent networks on texts: train, generate, valid."
    ),
    "yolo": Command("", "YOLOv1 with the classes of VOC: test, train, valid, recall.", OTHER),
    "coco": Command("", "YOLOv1 with the classes of COCO: test, train, valid, recall.", OTHER),
    "cifar": Command("", "Classifiers on CIFAR-10's binary files: train, test, csv ...", OTHER),
    "segmenter": Command(
        "", "Networks for the classes of pixels (pjreddie's): train, test.", OTHER
    ),
    "isegmenter": Command(
        "", "Networks that tell objects apart by their pixels: train, test.", OTHER
    ),
    "regressor": Command("", "Networks that give numbers for an image: train, test.", OTHER),
    "go": Command("", "Networks that play Go: train, engine, valid ...", OTHER),
    "eval": Command("", "Score files of results that have been written before: coco, voc."),
}
"""Groups of commands; a row's home is empty."""
