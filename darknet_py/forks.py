"""Where the two Darknet programs give different numbers: one record, documented field by field.

Section kinds of both forks are always accepted; a `Fork` only decides what they compute.
"""

from __future__ import annotations

import os
from dataclasses import dataclass

from darknet_py.errors import DarknetError, nearest


@dataclass(frozen=True)
class Fork:
    """The differences in numbers between pjreddie's Darknet and AlexeyAB's."""

    name: str
    letter_box: bool
    """`detect` pads the image to keep its aspect; otherwise it stretches it."""
    detect_thresh: float
    """default of `detect -thresh`."""
    test_thresh: float
    """default of `detector test -thresh`."""
    valid_thresh: float
    """score a box must be over in `detector valid`."""
    valid_nms: float
    """overlap over which the weaker box goes in `detector valid`."""
    coco_id_after_underscore: bool
    """COCO's image_id is the number behind the last _ of the file name; otherwise the number the
    name begins with, or that behind the last _ where it begins with none (COCO_val2014_...)."""
    dropout: float
    """default `probability` of [dropout]."""
    revision: int
    """third number of the header of a .weights file written from scratch."""
    batchnorm_biases: bool
    """a stand-alone [batchnorm] stores biases before its scales."""
    gru_order: tuple[str, ...]
    """the six matrices of [gru] in file order (w: state, u: input)."""
    lstm_order: tuple[str, ...]
    """the eight matrices of [lstm] in file order (w: state, u: input)."""
    rnn_hidden: bool
    """[rnn] has a state of `hidden` values; otherwise the state has `output` values."""
    shortcut_alpha: bool
    """[shortcut] reads alpha and beta, and one layer in `from`; otherwise several, unscaled."""
    region_raw_location: bool
    """[region] leaves x and y raw in its output and applies the logistic when boxes are decoded."""
    region_raw_classes: bool
    """[region] without softmax and tree leaves class scores raw; otherwise logistic."""
    region_objectness_gates: bool
    """a [region] box needs objectness above the threshold; otherwise only class scores count."""
    region_hier_thresh: bool
    """[region] with a tree descends with -hier; otherwise the last class over .5 counts."""
    yolo_plain: bool
    """[yolo] is trained on squared errors without normalizers and further options, and of several
    labels for one box the last one counts; otherwise AlexeyAB's options work and deltas add up."""
    label_rule: str
    """where an image's label file lies: "folders" turns /images/train2017/, /images/val2017/ (2014
    likewise) and /JPEGImages/ into their labels/ twins and leaves other folders, so that labels lie
    beside images; "words" turns the first "images", "JPEGImages" and "raw" of the path, wherever
    they stand, into "labels"."""
    drops_under_a_pixel: bool
    """training drops boxes narrower or lower than a pixel of the network's input; otherwise those
    under a thousandth of the image."""
    most_labels: int
    """default of `max`, the labels of one image that training takes; but of [region]:"""
    region_most_labels: int
    """its default of `max`."""
    truth_size: int
    """values of one label in truth arrays: x y w h class, and a track number in AlexeyAB's."""
    freezes: bool
    """stopbackward=1 keeps all earlier layers as they are, and onlyforward passes no gradient;
    otherwise earlier layers get no gradient but still momentum and decay."""
    training_canvas: bool
    """training draws the image on a grey canvas, keeps labels beside the image that the canvas
    shows, changes colours in floating point and flips every other one; otherwise it crops with a
    border, and reads flip, resize, blur, gaussian_noise, mixup, mosaic and letter_box."""
    plain_cadence: bool
    """training keeps NAME.backup every 100 updates, numbered weights every 100 up to 1000 and then
    every 10000; otherwise NAME_last.weights every 100 and numbered ones every 1000 (10000 in long
    trainings), as savelast and saveweights of the .data file say. Classifiers: NAME.backup every
    1000, weights numbered by passes over the list, and NAME.weights at the end; otherwise as above.
    Recurrent nets: NAME.backup every 100 passes and numbered ones every 10000; otherwise 10 and
    1000."""
    nms_kinds: bool
    """nms_kind and beta_nms of the last head choose the suppression; otherwise do_nms_sort."""
    prints_seconds: bool
    """`detect` prints seconds, and boxes in the order NMS left them; otherwise milliseconds, and
    boxes from left to right. `classifier predict` prints percents, and `classifier valid` each
    image; otherwise shares of 1, and running figures only."""
    out_names_image: bool
    """`detector test -out NAME` names the image, unless NAME ends in .json; otherwise the JSON
    file."""
    region_small_boxes: bool
    """[region] weighs a label's coordinates by 2 - w*h in training; otherwise all alike."""
    region_classfix: bool
    """[region] is trained with classfix and focal_loss; otherwise they do nothing."""
    region_many_classes: bool
    """[region] without softmax and tree: a second label of a box adds its class; otherwise the
    last label of a box sets all classes."""
    region_class_only_objectness: bool
    """[region]: a label without a box (YOLO9000) also teaches its image's other boxes to hold no
    object; otherwise it teaches classes only."""
    region_cost_slope: bool
    """the cost [region] shows holds the derivative of the logistic, as its delta does."""
    classifier_ratios: bool
    """classifiers are trained on pieces sized by min_ratio and max_ratio, which may reach beyond
    the image, or on the middle with center=1, and flipped every other time; otherwise on pieces
    sized by min_crop and max_crop, and flip, blur, mixup, cutmix, mosaic and label_smooth_eps
    count."""
    classifier_square: bool
    """`classifier valid` stretches the middle square of the image, `predict` letterboxes it;
    otherwise both cut the input from the middle of the image resized to the input's width."""
    predict_leaves: bool
    """`classifier predict` with a class tree names leaves only; otherwise any class."""
    classifier_scales: tuple[int, ...]
    """sizes in pixels of `classifier validmulti`: of the longer side if classifier_square,
    otherwise of the shorter one."""
    prints_bits: bool
    """`rnn valid` also prints the bits a symbol takes, and `rnn train` the sizes of its input."""
    stream_jumps: int
    """a stream of a recurrent net in training goes on elsewhere in the text before 1 of so many
    passes."""
    cost_kinds: bool
    """[cost] knows seg, L1, wgan, noobj and thresh; otherwise these types count as sse."""
    adam_epsilon: float
    """default of `eps`: what Adam adds to the root of the second moment, in training."""
    least_cell_side: float
    """width and height, as shares of the image, under which training of [detection] (YOLOv1's
    cells) leaves a label out."""


ALEXEYAB = Fork(
    name="alexeyab",
    letter_box=False,
    detect_thresh=0.24,
    test_thresh=0.25,
    valid_thresh=0.001,
    valid_nms=0.6,
    coco_id_after_underscore=False,
    dropout=0.2,
    revision=5,
    batchnorm_biases=True,
    gru_order=("uz", "ur", "uh", "wz", "wr", "wh"),
    lstm_order=("wf", "wi", "wg", "wo", "uf", "ui", "ug", "uo"),
    rnn_hidden=True,
    shortcut_alpha=False,
    region_raw_location=True,
    region_raw_classes=True,
    region_objectness_gates=False,
    region_hier_thresh=False,
    yolo_plain=False,
    label_rule="folders",
    drops_under_a_pixel=True,
    most_labels=200,
    region_most_labels=200,
    truth_size=6,
    freezes=True,
    training_canvas=False,
    plain_cadence=False,
    nms_kinds=True,
    prints_seconds=False,
    out_names_image=False,
    region_small_boxes=False,
    region_classfix=True,
    region_many_classes=False,
    region_class_only_objectness=False,
    region_cost_slope=True,
    classifier_ratios=False,
    classifier_square=False,
    predict_leaves=False,
    classifier_scales=(224, 288, 320, 352, 384),
    prints_bits=False,
    stream_jumps=10,
    cost_kinds=False,
    adam_epsilon=1e-6,
    least_cell_side=0.001,
)

PJREDDIE = Fork(
    name="pjreddie",
    letter_box=True,
    detect_thresh=0.5,
    test_thresh=0.5,
    valid_thresh=0.005,
    valid_nms=0.45,
    coco_id_after_underscore=True,
    dropout=0.5,
    revision=0,
    batchnorm_biases=False,
    gru_order=("wz", "wr", "wh", "uz", "ur", "uh"),
    lstm_order=("wi", "wf", "wo", "wg", "ui", "uf", "uo", "ug"),
    rnn_hidden=False,
    shortcut_alpha=True,
    region_raw_location=False,
    region_raw_classes=False,
    region_objectness_gates=True,
    region_hier_thresh=True,
    yolo_plain=True,
    label_rule="words",
    drops_under_a_pixel=False,
    most_labels=90,
    region_most_labels=30,
    truth_size=5,
    freezes=False,
    training_canvas=True,
    plain_cadence=True,
    nms_kinds=False,
    prints_seconds=True,
    out_names_image=True,
    region_small_boxes=True,
    region_classfix=False,
    region_many_classes=True,
    region_class_only_objectness=True,
    region_cost_slope=False,
    classifier_ratios=True,
    classifier_square=True,
    predict_leaves=True,
    classifier_scales=(224, 256, 288, 320),
    prints_bits=True,
    stream_jumps=64,
    cost_kinds=True,
    adam_epsilon=1e-7,
    least_cell_side=0.005,
)

FORKS = {fork.name: fork for fork in (ALEXEYAB, PJREDDIE)}
VARIABLE = "DARKNET_PY_FORK"
"""Of the environment: the fork of the command line where --fork is not given."""


def default_fork() -> str:
    """What the environment says, else alexeyab; raises DarknetError for a fork that is neither."""
    name = os.environ.get(VARIABLE) or ALEXEYAB.name
    if name not in FORKS:
        known = f"known are {', '.join(FORKS)}{nearest(name, FORKS)}"
        raise DarknetError(f"unknown fork '{name}' in the environment's {VARIABLE}, {known}")
    return name


def fork_named(name: str | Fork) -> Fork:
    """The record of "alexeyab" or "pjreddie"; raises DarknetError for any other name."""
    if isinstance(name, Fork):
        return name
    if name not in FORKS:
        raise DarknetError(
            f"unknown fork '{name}', known are {', '.join(FORKS)}{nearest(name, FORKS)}"
        )
    return FORKS[name]
