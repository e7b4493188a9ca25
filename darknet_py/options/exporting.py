"""The options of `export`."""

from __future__ import annotations

from dataclasses import dataclass

from darknet_py.conversion.formats import FORMATS, FORMS
from darknet_py.options.common import ModelOptions
from darknet_py.options.flag import flag


@dataclass(frozen=True, kw_only=True)
class ExportOptions(ModelOptions):
    """The options of `export`."""

    images: tuple[str, ...] = ()
    format: str = flag("onnx", "What to write.", choices=tuple(FORMATS))
    out: str | None = flag(
        None, "Its name (default: the cfg's, in this folder).", "-o", "--out", metavar="FILE"
    )
    form: str = flag(
        "heads",
        "; ".join(f"{word}: {meaning}" for word, meaning in FORMS.items()) + ".",
        choices=tuple(FORMS),
    )
    dynamic: str = flag(
        "", "Leave the batch, the size or both open.", metavar="batch,size", hidden=True
    )
    batch: int = flag(1, "Images at once.", least=1)
    names: str | None = flag(None, "Class names, one a line, kept inside the file.", metavar="FILE")
    thresh: float = flag(0.25, "Least score (nms, --verify).")
    nms: float = flag(0.45, "Overlap over which the weaker box goes (nms, --verify).")
    verify: bool = flag(False, "Run the file in its runtimes and compare; exit code 1 if not.")
