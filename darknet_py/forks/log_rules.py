"""What the two Darknet programs print differently, field by field."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class LogRules:
    """What is printed."""

    seconds: bool
    """predictions are timed in seconds; otherwise in milliseconds."""
    suppression_order: bool
    """`detect` prints boxes in the order NMS left them; otherwise from left to right."""
    best_class_only: bool
    """of a box with several classes only the most confident is printed."""
    tells_machine: bool
    """before a network runs, what the machine has and OpenCV's version are told."""
    plain_table: bool
    """the table of layers has columns of its own, without mini-batch, parameters of heads and
    sums."""
    tells_seen: bool
    """loading weights tells how many images they have seen and how many layers they reach."""
    counts_names: bool
    """`detector test` tells names that are not as many as the classes in a line on stdout."""
    announces_heads: bool
    """a line for each detection head comes before the first boxes."""
    announces_classes: bool
    """`classifier predict` prints what its last layer reads, and each image's input size."""
    percents: bool
    """`classifier predict` prints percents; otherwise shares of 1 and a tree's parents."""
    valid_names_images: bool
    """`classifier valid` prints each image; otherwise running metrics only, which it rewrites."""
    bad_lists: bool
    """files and labels that training and calc_anchors leave out are named in bad.list and
    bad_label.list."""
    heads_on_stdout: bool
    """the lines of heads in training go to stdout; otherwise to stderr, with a count of all
    boxes."""
    head_losses: bool
    """the line of a [yolo] head shows its losses and normalizers."""
    training_plan: bool
    """a training begins with lines on the machine, on when weights are kept, and on its threads."""
    update_title: bool
    """an update of a detector prints a title and the time left; otherwise one line."""
    classifier_hours: bool
    """an update of a classifier prints the hours left."""
    rnn_bits: bool
    """`rnn valid` also prints the bits a symbol takes."""
    rnn_input: bool
    """`rnn train` prints the sizes of its input; otherwise streams, steps and the text's size."""
    go_loading: bool
    """`go train` prints GPUs, moves and the seconds of loading, and a line an update; otherwise one
    a sub-batch."""
    rate_first: bool
    """`demo` prints the frame rate above the objects, and a line for each class of a box; otherwise
    below, and a line for each box."""
    network_rate: bool
    """`classifier demo` prints the rate of the network alone; otherwise that of frames, and with
    each class the row of pixels that it is written in."""
    ops_by_group: bool
    """`ops` and `speed` divide a convolution's operations by its groups."""
    speed_operations: bool
    """`speed` prints the operations of a pass and of a second."""
