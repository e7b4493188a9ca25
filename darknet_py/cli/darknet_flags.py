"""The flags that a Darknet program reads for any word of a group, and why one may change nothing.

Darknet takes its flags out of the command line before it looks at the word, so that each of them
may stand on all words of its group. A command that has an option of its own by that name uses it;
on the others a line of these tables is the reason that is said.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class DarknetFlag:
    """reason: why it changes nothing where no option has its name. takes_value: a word follows it.

    also: its other names, those of Hank.ai's program or pjreddie's. everywhere: the command line
    itself does what it asks for, on every word.
    """

    reason: str
    takes_value: bool = False
    also: tuple[str, ...] = ()
    everywhere: bool = False


NO_WINDOW = "only demo opens a window"
NOT_READ = "this command does not read it, as in Darknet"
TRAINS = "only training reads it"
VIDEO = "only videos and cameras have it"
DELAY = "in Darknet it only delays the boxes of demo; here each frame has its own"
ALWAYS = "it is always so here"
ANCHORS = "only calc_anchors reads it"
EXPORTS = "`darknet-py export` writes ONNX, with options of its own"
NO_COLOURS = "the output has no colours"

COMMON = {
    "i": DarknetFlag("no network runs", True),
    "nogpu": DarknetFlag("no network runs"),
    "cuda_debug_sync": DarknetFlag("torch says where CUDA fails"),
    # Hank.ai's program reads these before it looks at the word.
    "log": DarknetFlag("a copy of what is printed goes to its FILE", True, everywhere=True),
    "verbose": DarknetFlag(
        "what it adds is printed always, or by --log-style darknet", also=("show_details",)
    ),
    "trace": DarknetFlag("--debug shows where an error comes from"),
    "colour": DarknetFlag(NO_COLOURS, also=("color",)),
    "nocolour": DarknetFlag(NO_COLOURS, also=("nocolor",)),
    "fuse": DarknetFlag(ALWAYS),
    "dontfuse": DarknetFlag("batch normalisation is folded in for inference", also=("nofuse",)),
    "boxes": DarknetFlag(EXPORTS),
    "noboxes": DarknetFlag(EXPORTS),
    "fp16": DarknetFlag("--precision says in what numbers a network runs"),
    "fp32": DarknetFlag("--precision says in what numbers a network runs"),
    "random": DarknetFlag("images keep the order they are given in"),
    "heatmaps": DarknetFlag("heat maps are not drawn", also=("heatmap",)),
}
"""Of every word of the programs."""
GPUS = {
    "gpus": DarknetFlag("only training runs on several GPUs; -i chooses one", True),
    "clear": DarknetFlag(TRAINS),
}
CAMERA = {"c": DarknetFlag(VIDEO, True, also=("camera",))}
WINDOW = {
    "dont_show": DarknetFlag(NO_WINDOW, also=("noshow",)),
    "mjpeg_port": DarknetFlag("only videos and cameras are served; other pictures are files", True),
}
GROUPS_OWN = {
    **GPUS,
    **CAMERA,
    **WINDOW,
    "benchmark": DarknetFlag("without videos it only hides windows; `darknet-py benchmark` times"),
    "benchmark_layers": DarknetFlag("`darknet-py benchmark --layers` measures"),
    "show_imgs": DarknetFlag(TRAINS),
    "chart": DarknetFlag(TRAINS, True),
}
"""Of every word of detector and classifier."""
BOXES = {
    **CAMERA,
    **WINDOW,
    "thresh": DarknetFlag(NOT_READ, True, also=("threshold",)),
    "hier": DarknetFlag(NOT_READ, True),
    "s": DarknetFlag(VIDEO, True),
    "avgframes": DarknetFlag(DELAY, True, also=("avg",)),
    "json_port": DarknetFlag(VIDEO, True),
    "out_filename": DarknetFlag(VIDEO, True),
    "json_file_output": DarknetFlag(VIDEO, True),
    "prefix": DarknetFlag(NOT_READ, True),
    "ext_output": DarknetFlag(NOT_READ),
}
"""Of every word of yolo and coco; of those of detector too."""
DETECTOR = BOXES | {
    "show": DarknetFlag(NO_WINDOW),
    "letter_box": DarknetFlag("letter_box=1 in [net] decides here, as in AlexeyAB's program"),
    "map": DarknetFlag(TRAINS),
    "points": DarknetFlag(NOT_READ, True),
    "dontdraw_bbox": DarknetFlag(VIDEO),
    "http_post_host": DarknetFlag(VIDEO, True),
    "time_limit_sec": DarknetFlag(VIDEO, True),
    "out": DarknetFlag(NOT_READ, True),
    "iou_thresh": DarknetFlag(NOT_READ, True),
    "num_of_clusters": DarknetFlag(ANCHORS, True),
    "width": DarknetFlag("width= of [net] says it", True),
    "height": DarknetFlag("height= of [net] says it", True),
    "save_labels": DarknetFlag(NOT_READ),
    "mAP_epochs": DarknetFlag(TRAINS, True),
    # pjreddie's
    "fullscreen": DarknetFlag(NO_WINDOW),
    "w": DarknetFlag(VIDEO, True),
    "h": DarknetFlag(VIDEO, True),
    "fps": DarknetFlag(VIDEO, True),
    # Hank.ai's
    "nms": DarknetFlag(NOT_READ, True, also=("nmsthresh",)),
    "saveweights": DarknetFlag(TRAINS, True),
    "skipclasses": DarknetFlag("only detect and detector test leave out classes", True),
}
CLASSIFIER = {
    "dontuse_opencv": DarknetFlag("images are read in one way"),
    "topk": DarknetFlag(TRAINS),
    "t": DarknetFlag(NOT_READ, True),
    "saveweights": DarknetFlag(TRAINS, True),
}
RNN = {
    **GPUS,
    "file": DarknetFlag(NOT_READ, True),
    "seed": DarknetFlag(NOT_READ, True),
    "len": DarknetFlag(NOT_READ, True),
    "temp": DarknetFlag(NOT_READ, True),
    "srand": DarknetFlag(NOT_READ, True),
    "tokenized": DarknetFlag(TRAINS),
    "tokens": DarknetFlag(NOT_READ, True),
}
SEGMENTER = {
    **GPUS,
    **CAMERA,
    "display": DarknetFlag(f"{NO_WINDOW}; --show_imgs writes a page of samples"),
}
NIGHTMARE = {
    **{
        name: DarknetFlag(NOT_READ, True)
        for name in (
            *("range", "norm", "rounds", "iters", "octaves", "zoom", "rate", "thresh", "rotate"),
            *("momentum", "lambda", "prefix", "smooth"),
        )
    },
    "reconstruct": DarknetFlag(NOT_READ),
}
NO_SEARCH = "a move is the network's own, nothing is searched"
GO = {
    **GPUS,
    "multi": DarknetFlag("training sees all symmetries anyway"),
    "anon": DarknetFlag("only engine tells its name"),
    "iters": DarknetFlag(NO_SEARCH, True),
    "cpuct": DarknetFlag(NO_SEARCH, True),
    "temp": DarknetFlag(NO_SEARCH, True),
    "time": DarknetFlag(NO_SEARCH, True),
    "resign": DarknetFlag("the network never resigns", True),
}
FLAGS: dict[str, dict[str, DarknetFlag]] = {
    "detector": COMMON | GROUPS_OWN | DETECTOR,
    "classifier": COMMON | GROUPS_OWN | CLASSIFIER,
    "rnn": COMMON | RNN,
    "yolo": COMMON | BOXES,
    "coco": COMMON | BOXES,
    "cifar": COMMON,
    "go": COMMON | GO,
    "segmenter": COMMON | SEGMENTER,
    "isegmenter": COMMON | SEGMENTER,
    "regressor": COMMON | GPUS | CAMERA,
    "nightmare": COMMON | GROUPS_OWN | NIGHTMARE | DETECTOR,
    # Hank.ai's program reads all of its flags on all of its words.
    "darknet": COMMON | GROUPS_OWN | DETECTOR,
}
"""Group -> what its program reads on every word; "darknet": words that are no group's."""
WORDS = {
    "detect": "detector",
    "map": "detector",
    "train": "detector",
    "calcanchors": "detector",
    "classify": "classifier",
    "nightmare": "nightmare",
    **dict.fromkeys(
        (
            *("partial", "ops", "speed", "help", "version", "cfglayers"),
            *("average", "reset", "normalize", "denormalize", "rgbgr", "rescale", "statistics"),
            *("print", "oneoff", "oneoff2", "visualize", "imtest", "test"),
        ),
        "darknet",
    ),
}
"""Commands outside the groups -> the group whose flags they take. All others are ours."""
BARE = frozenset(
    (
        *("boxes", "noboxes", "fp16", "fp32", "colour", "color", "nocolour", "nocolor", "fuse"),
        *("dontfuse", "nofuse", "verbose", "showdetails", "trace", "dontshow", "noshow", "clear"),
        *("map", "camera", "thresh", "threshold", "nms", "nmsthresh", "saveweights", "benchmark"),
        *("benchmarklayers", "letterbox", "random", "show", "heatmaps", "heatmap", "showimgs"),
        *("extoutput", "savelabels", "numofclusters", "width", "height", "skipclasses", "log"),
        "gpus",
    )
)
"""What Hank.ai's program takes for a flag without dashes too, folded and in lower case."""
BARE_GROUPS = ("detector", "darknet")
"""Groups with words of that program."""


def _names(takes_value: bool) -> frozenset[str]:
    return frozenset(
        name
        for flags in FLAGS.values()
        for known, flag in flags.items()
        if flag.takes_value == takes_value
        for name in (known, *flag.also)
    )


ALONE = _names(takes_value=False)
"""Flags behind which no value stands."""
VALUED = _names(takes_value=True) - {"h"}
"""Flags behind which a value stands; -h is help as well."""


def group_of(words: str) -> str:
    """The group whose flags a command such as `detector test` takes, "" for a command of ours."""
    first = words.partition(" ")[0]
    return (first if first in FLAGS else "") if " " in words else WORDS.get(first, "")


def flags_of_command(words: str) -> dict[str, DarknetFlag] | None:
    """What Darknet reads for a command such as `detector test`; None for a command of ours."""
    return FLAGS.get(group_of(words))
