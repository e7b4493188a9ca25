"""What other programs' cfg files call things, and what to write for them here.

Readers of Darknet's format in PyTorch, ncnn and others have words of their own. The nearest known
word is often another function, so that taking it would give wrong numbers without an error.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from darknet_py.errors import nearest

NEAR, LIKE = 0.6, 0.8
"""Likeness from which a word is a slip of the pen: anywhere; where a near word is known to be
something else, as selu, .75 like silu."""
NONE = "neither Darknet has it"
LEARNT = f"{NONE}; leaky has a fixed slope of 0.1"
GROUPED = "write [convolutional] with groups= the input's channels"
IMPLICIT = "Darknet's [implicit] makes such channels"
SWAPPED = "[scale_channels] multiplies, from= and the layer before it the other way round"
BY_CHANNEL = f"{NONE}; only [scale_channels], which multiplies"

ACTIVATIONS = {
    "silu": "silu is Darknet's swish",
    "sigmoid": "sigmoid is Darknet's logistic",
    "none": "for none write linear",
    "identity": "for identity write linear",
    "lrelu": "leaky has a slope of 0.1, relie one of 0.01",
    "leaky_relu": "leaky has a slope of 0.1, relie one of 0.01",
    "leakyrelu": "leaky has a slope of 0.1, relie one of 0.01",
    "hardtanh": "hardtanh is Darknet's hardtan",
    **dict.fromkeys(("hswish", "h_swish", "hard_swish", "hardswish"), f"{NONE}; swish is smooth"),
    **dict.fromkeys(("hsigmoid", "h_sigmoid", "hard_sigmoid", "hardsigmoid"), NONE),
    **dict.fromkeys(("prelu", "rrelu", "frelu"), LEARNT),
    **dict.fromkeys(("softplus", "softsign", "celu", "glu", "acon", "metaacon", "emb"), NONE),
    "softmax": "a [softmax] section does that",
}
LOSSES = dict.fromkeys(("eiou", "siou", "wiou", "alpha_iou", "focal_eiou"), NONE)
VALUES: Mapping[str, Mapping[str, str]] = {
    "activation": ACTIVATIONS,
    "lstm_activation": ACTIVATIONS,
    "iou_loss": LOSSES,
    "iou_thresh_kind": LOSSES,
    "nms_kind": {
        "nms": "for plain suppression write default",
        "soft_nms": NONE,
        "softnms": NONE,
        "softernms": NONE,
    },
    "policy": {
        "cosine": "sgdr falls by a cosine",
        "multistep": "multistep is Darknet's steps",
        "linear": "poly with power=1 falls linearly",
    },
}
"""Key -> word -> what to do."""
SECTIONS = {
    **dict.fromkeys(
        ("depthwise", "dwconv", "depthwise_convolutional", "convolutional_depthwise"), GROUPED
    ),
    **dict.fromkeys(("depthwiseconvolutional", "dwconvolutional"), GROUPED),
    **dict.fromkeys(
        ("separable", "separable_convolutional"), f"{GROUPED}, then one with size=1 and groups=1"
    ),
    **dict.fromkeys(("deformable", "deformableconvolutional", "deformable_convolutional"), NONE),
    "se": "write [avgpool], two [convolutional] with size=1 and [scale_channels]",
    "route_lhalf": "write [route] with groups=2 and group_id=0",
    **dict.fromkeys(("concat", "cat"), "write [route] with layers="),
    **dict.fromkeys(("route2", "route3"), f"{NONE}; [route] joins the layers that layers= names"),
    "add": "write [shortcut] with from=",
    "implicit_add": f"{IMPLICIT} with mean=0",
    "implicit_mul": f"{IMPLICIT} with mean=1",
    "implicit_cat": f"{IMPLICIT} with mean=0",
    **dict.fromkeys(("shift_channels", "shift_channel", "shift_channels_2d"), BY_CHANNEL),
    **dict.fromkeys(("alternate_channels", "alternate_channel"), BY_CHANNEL),
    **dict.fromkeys(("select_channels", "select_channel", "select", "extract"), NONE),
    **dict.fromkeys(("control_channels", "control_channel"), SWAPPED),
    **dict.fromkeys(("global_avgpool", "globalavgpool", "gap"), "write [avgpool]"),
    "linear": "write [connected]",
    **dict.fromkeys(("dense", "fc"), "write [connected]"),
    **dict.fromkeys(("layernorm", "groupnorm", "instancenorm", "dwt", "chunk"), NONE),
    **dict.fromkeys(("prelu", "silu", "swish", "leaky", "relu", "mish"), "write [activation]"),
    **dict.fromkeys(("focus", "pixelshuffle"), f"{NONE}; [reorg] and [upsample] resample"),
}
SECTIONS["prelu"] = LEARNT
OPTIONS = {
    "stride_h": "stride_h is Darknet's stride_y",
    "stride_w": "stride_w is Darknet's stride_x",
    "kernel_size": "kernel_size is Darknet's size",
    "in_channels": "channels come from the layer before",
    "out_channels": "out_channels is Darknet's filters",
    "bn": "bn is Darknet's batch_normalize",
    "act": "act is Darknet's activation",
    "batchnorm": "batchnorm is Darknet's batch_normalize",
}


def hint(word: str, known: Iterable[str], foreign: Mapping[str, str], cutoff: float = LIKE) -> str:
    """`; what to do` for a word of another program, else the nearest known one if it is near."""
    told = foreign.get(word.lower())
    return f"; {told}" if told else nearest(word, known, cutoff)


def value_hint(key: str, word: str, known: Iterable[str]) -> str:
    """`hint` for the value of an option."""
    foreign = VALUES.get(key)
    return hint(word, known, foreign or {}, NEAR if foreign is None else LIKE)
