"""The options of `convert`."""

from __future__ import annotations

from dataclasses import dataclass

from darknet_py.options.flag import flag
from darknet_py.options.model import ForkOptions

CHECKPOINT_FORMS = ("yolov7", "darknet-cfg", "network")


@dataclass(frozen=True, kw_only=True)
class ConvertOptions(ForkOptions):
    """files: CFG, IN and OUT, as far as no option names them."""

    files: tuple[str, ...] = ()
    cfg: str | None = flag(None, "The cfg, or the name of a network.", "--cfg", metavar="FILE|NAME")
    out: str | None = flag(None, "The file to write.", "-o", "--out", metavar="FILE")
    form: str | None = flag(
        None,
        "Whose names a .pt file has: WongKinYiu's yolov7, programs that read cfg files "
        "(ultralytics' archived yolov3, PyTorch_YOLOv4), or darknet_py.Network; by default the "
        "first that fits.",
        choices=CHECKPOINT_FORMS,
    )
    verify: bool = flag(
        False, "Run the files' own forward passes and compare; exit code 1 for a difference."
    )
    repair: bool = flag(
        False, "Write IN, a .weights file of pytorchyolo's, with the header that fits."
    )
