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

    also: its other names, those of Hank.ai's program.
    """

    reason: str
    takes_value: bool = False
    also: tuple[str, ...] = ()


NO_WINDOW = "no window is ever opened"
NOT_READ = "this word does not read it, as in Darknet"
TRAINS = "only training reads it"
VIDEO = "only videos and cameras have it"
LOG = "messages go to stderr"
ALWAYS = "it is always so here"

COMMON = {
    "i": DarknetFlag("no network runs", True),
    "nogpu": DarknetFlag("no network runs"),
    "cuda_debug_sync": DarknetFlag("torch says where CUDA fails"),
}
"""Of every word of both programs."""
GROUPS_OWN = {
    "gpus": DarknetFlag("only training runs on several GPUs; -i chooses one", True),
    "dont_show": DarknetFlag(NO_WINDOW, also=("noshow",)),
    "benchmark": DarknetFlag("`darknet-py benchmark` measures"),
    "benchmark_layers": DarknetFlag("`darknet-py benchmark --layers` measures"),
    "show_imgs": DarknetFlag(TRAINS),
    "clear": DarknetFlag(TRAINS),
    "c": DarknetFlag(VIDEO, True, also=("camera",)),
    "chart": DarknetFlag(TRAINS, True),
    "mjpeg_port": DarknetFlag("nothing is served; pictures and the chart are files", True),
}
"""Of every word of detector and classifier."""
DETECTOR = {
    "show": DarknetFlag(NO_WINDOW),
    "letter_box": DarknetFlag("letter_box=1 in [net] decides here, as in AlexeyAB's program"),
    "map": DarknetFlag(TRAINS),
    "points": DarknetFlag(NOT_READ, True),
    "avgframes": DarknetFlag(VIDEO, True, also=("avg",)),
    "dontdraw_bbox": DarknetFlag(VIDEO),
    "json_port": DarknetFlag(VIDEO, True),
    "http_post_host": DarknetFlag(VIDEO, True),
    "time_limit_sec": DarknetFlag(VIDEO, True),
    "out_filename": DarknetFlag(VIDEO, True),
    "json_file_output": DarknetFlag(VIDEO, True),
    "out": DarknetFlag(NOT_READ, True),
    "prefix": DarknetFlag(NOT_READ, True),
    "thresh": DarknetFlag(NOT_READ, True, also=("threshold",)),
    "iou_thresh": DarknetFlag(NOT_READ, True),
    "hier": DarknetFlag(NOT_READ, True),
    "s": DarknetFlag(VIDEO, True),
    "num_of_clusters": DarknetFlag("only calc_anchors reads it", True),
    "width": DarknetFlag("only calc_anchors reads it", True),
    "height": DarknetFlag("only calc_anchors reads it", True),
    "ext_output": DarknetFlag(NOT_READ),
    "save_labels": DarknetFlag(NOT_READ),
    "mAP_epochs": DarknetFlag(TRAINS, True),
    # pjreddie's
    "fullscreen": DarknetFlag(NO_WINDOW),
    "w": DarknetFlag(VIDEO, True),
    "h": DarknetFlag(VIDEO, True),
    "fps": DarknetFlag(VIDEO, True),
    # Hank.ai's
    "nms": DarknetFlag(NOT_READ, True, also=("nmsthresh",)),
    "verbose": DarknetFlag("nothing more is known to be said", also=("show_details",)),
    "trace": DarknetFlag("--debug shows where an error comes from"),
    "colour": DarknetFlag("the output has no colours", also=("color",)),
    "nocolour": DarknetFlag("the output has no colours", also=("nocolor",)),
    "log": DarknetFlag(f"{LOG}; write 2> FILE", True),
    "saveweights": DarknetFlag("the .data file's saveweights= says how often", True),
    "skipclasses": DarknetFlag("a name that begins with dont_show hides its class", True),
    "heatmaps": DarknetFlag("heat maps are not drawn", also=("heatmap",)),
    "random": DarknetFlag("images keep the order they are given in"),
    "fuse": DarknetFlag(ALWAYS),
    "dontfuse": DarknetFlag("batch normalisation is folded in for inference", also=("nofuse",)),
}
CLASSIFIER = {
    "dontuse_opencv": DarknetFlag("images are read in one way"),
    "topk": DarknetFlag(TRAINS),
    "t": DarknetFlag(NOT_READ, True),
}
RNN = {
    "file": DarknetFlag(NOT_READ, True),
    "seed": DarknetFlag(NOT_READ, True),
    "len": DarknetFlag(NOT_READ, True),
    "temp": DarknetFlag(NOT_READ, True),
    "srand": DarknetFlag(NOT_READ, True),
    "clear": DarknetFlag(TRAINS),
    "tokenized": DarknetFlag(TRAINS),
    "tokens": DarknetFlag(NOT_READ, True),
    "gpus": DarknetFlag("only training runs on several GPUs; -i chooses one", True),
}
FLAGS: dict[str, dict[str, DarknetFlag]] = {
    "detector": COMMON | GROUPS_OWN | DETECTOR,
    "classifier": COMMON | GROUPS_OWN | CLASSIFIER,
    "rnn": COMMON | RNN,
    "darknet": COMMON,
}
"""Group -> what its program reads on every word; "darknet": words that are no group's."""
WORDS = {
    "detect": "detector",
    "map": "detector",
    "train": "detector",
    "classify": "classifier",
    "partial": "darknet",
    "ops": "darknet",
    "speed": "darknet",
    "average": "darknet",
    "reset": "darknet",
    "denormalize": "darknet",
    "normalize": "darknet",
    "rgbgr": "darknet",
    "rescale": "darknet",
    "statistics": "darknet",
    "print": "darknet",
    "oneoff": "darknet",
    "oneoff2": "darknet",
    "cfglayers": "darknet",
}
"""Commands outside the groups -> the group whose flags they take. All others are ours."""
ALONE = frozenset(
    name
    for flags in FLAGS.values()
    for known, flag in flags.items()
    if not flag.takes_value
    for name in (known, *flag.also)
)
"""Flags behind which no value stands."""


def flags_of_command(words: str) -> dict[str, DarknetFlag] | None:
    """What Darknet reads for a command such as `detector test`; None for a command of ours."""
    group = words.partition(" ")[0]
    return FLAGS.get(group if " " in words else WORDS.get(group, ""))
