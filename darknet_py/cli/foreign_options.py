"""What options of other programs (Ultralytics, YOLOv5, torchvision, OpenCV) are called here."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from darknet_py.cli.option_words import fold
from darknet_py.errors import nearest


@dataclass(frozen=True)
class ForeignOption:
    """options: ours that mean it, of which the first that a command has is named.

    told: what to know beside, or where none has it. takes_value: a word follows it.
    """

    options: tuple[str, ...] = ()
    told: str = ""
    takes_value: bool = True


THRESH = ForeignOption(("--thresh",))
OVERLAP = ForeignOption(("--nms", "--iou_thresh"))
SIZE = ForeignOption(("--width",), "and --height; the cfg's width= and height= otherwise")
BATCH = ForeignOption(("--batch",), "batch= and subdivisions= of [net] say how many images at once")
SOURCE = ForeignOption(told="images are arguments, as in detect CFG WEIGHTS IMAGE...")
MODEL = ForeignOption(told="CFG and WEIGHTS are arguments, as in detect CFG WEIGHTS IMAGE")
DATA = ForeignOption(told="DATA is an argument, as in train DATA CFG [WEIGHTS]")
RATE = ForeignOption(told="learning_rate= of [net] says it")
HALF = ForeignOption(told="--precision fp16 or bf16 asks for it", takes_value=False)
FOLDER = ForeignOption(("--prefix",), "backup= of DATA says where a training keeps its weights")
EPOCHS = ForeignOption(
    ("--max_batches",), "training is counted in iterations of batch= images, not in epochs"
)
FOREIGN = {
    **dict.fromkeys(("conf", "confthres", "confidence", "scorethreshold"), THRESH),
    **dict.fromkeys(("iou", "iouthres", "nmsthreshold", "overlap"), OVERLAP),
    **dict.fromkeys(("img", "imgsz", "imgsize", "size", "imagesize", "resolution"), SIZE),
    **dict.fromkeys(("epochs", "epoch", "iters", "steps"), EPOCHS),
    **dict.fromkeys(("source", "input", "image", "images", "video", "file"), SOURCE),
    **dict.fromkeys(("model", "weights", "cfg", "config", "checkpoint", "pretrained"), MODEL),
    **dict.fromkeys(("data", "dataset", "datapath"), DATA),
    **dict.fromkeys(("batch", "batchsize", "bs"), BATCH),
    **dict.fromkeys(("lr", "lr0", "lrf", "learningrate"), RATE),
    **dict.fromkeys(("half", "amp"), HALF),
    **dict.fromkeys(("project", "outputdir", "savedir"), FOLDER),
    "output": ForeignOption(("--out",)),
    "name": ForeignOption(("--names", "--prefix")),
    "classnames": ForeignOption(("--names",)),
    "labels": ForeignOption(("--names", "--save_labels")),
    "savetxt": ForeignOption(("--save_labels",), takes_value=False),
    "show": ForeignOption(told="no window is ever opened; pictures are files", takes_value=False),
    "viewimg": ForeignOption(
        told="no window is ever opened; pictures are files", takes_value=False
    ),
    "classes": ForeignOption(("--skipclasses",), "it names the classes to leave out"),
    "optimizer": ForeignOption(told="adam=1 of [net] asks for Adam, SGD is Darknet's own"),
    "weightdecay": ForeignOption(told="decay= of [net] says it"),
    "momentum": ForeignOption(told="momentum= of [net] says it"),
    "freeze": ForeignOption(told="stopbackward=1 in a section rests all layers before it"),
    "patience": ForeignOption(told="a training ends at max_batches=; -map keeps the best weights"),
    "numworkers": ForeignOption(("--workers",)),
    "gpuid": ForeignOption(("-i",)),
    "cpu": ForeignOption(("--nogpu",), takes_value=False),
}
"""Folded name -> what it is here; a row wins over likeness."""


def option_hint(name: str, own: Sequence[str], known: Iterable[str] | None = None) -> str:
    """What to say behind an unknown option: what it is here, or the nearest known one.

    own: spellings of the command's options. known: all that may be nearest, where it takes more.
    """
    row = FOREIGN.get(fold(name))
    if row is None:
        return nearest(name, own if known is None else known)
    there = {fold(word) for word in own}
    here = next((option for option in row.options if fold(option) in there), None)
    if here is None and not row.told:
        return f"; {row.options[0]} of other commands means it"
    asked = f"did you mean '{here}'?" if here else ""
    return "; " + " ".join(part for part in (asked, row.told) if part)
