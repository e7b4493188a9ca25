"""What `export` and `Detector.export` are asked for: checked, then written and verified."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from darknet_py.conversion.export_target import ExportTarget
from darknet_py.conversion.formats import FORMATS, Format
from darknet_py.conversion.metadata import ultralytics_yaml
from darknet_py.errors import DarknetError
from darknet_py.export.verify import RuntimeCheck, input_images, verify
from darknet_py.files import replacing, require_writable
from darknet_py.network.network import Network
from darknet_py.options.inference import ExportOptions

DYNAMIC = ("batch", "size")
METADATA = "metadata.yaml"
SAMPLES = 4
"""So many of the images in data/ are taken when no image is named."""


@dataclass(frozen=True)
class ExportPlan:
    """row: of FORMATS. paths: suffix -> path of the files that are written; `out` is the one that
    was named. described: whether ultralytics' readers will look for a metadata.yaml beside them."""

    options: ExportOptions
    target: ExportTarget
    row: Format
    out: Path
    paths: dict[str, Path]
    described: bool = False

    @staticmethod
    def of(options: ExportOptions) -> ExportPlan:
        """Raises DarknetError for what no network could be exported as, and OutputError for files
        that could not be written."""
        target = _target(options)
        _require_fit(options, target)
        row = FORMATS[options.format]
        out = Path(options.out or f"{Path(options.cfg).stem}{row.suffix}")
        paths = file_paths(row, out)
        described = options.form == "ultralytics" and _is_model_folder(row, out)
        if described:
            paths[METADATA] = out.with_name(METADATA)
        for path in paths.values():
            require_writable(path)
        return ExportPlan(options, target, row, out, paths, described)

    @property
    def verifies(self) -> bool:
        return self.options.verify or bool(self.options.images)

    def write(self, network: Network, names: Sequence[str]) -> Iterator[tuple[Path, int]]:
        """Each file that has been written, with its bytes. Raises DarknetError, before anything is
        written, where the network has no such form."""
        for suffix, data in self._made(network, names).items():
            with replacing(self.paths[suffix]) as file:
                file.write(data)
            yield self.paths[suffix], len(data)

    def _made(self, network: Network, names: Sequence[str]) -> dict[str, bytes]:
        module, _, name = self.row.home.partition(":")
        make: Callable[..., Any] = getattr(importlib.import_module(module), name)
        made = make(network, self.target, names)
        files = made if isinstance(made, dict) else {self.row.suffix: made}
        if self.described:
            files[METADATA] = ultralytics_yaml(network.graph, self.target, names)
        return files

    def checks(self, network: Network) -> Iterator[RuntimeCheck]:
        """What each runtime of the format makes of the file that has been written."""
        images = input_images(network, self.options.images or samples(self.options.cfg))
        return verify(network, self.target, self.out, self.row.runtimes, images)


def _target(options: ExportOptions) -> ExportTarget:
    words = [word for word in options.dynamic.split(",") if word]
    for word in words:
        if word not in DYNAMIC:
            raise DarknetError(
                f"--dynamic {options.dynamic}: read '{word}', known are batch and size"
            )
    return ExportTarget(
        form=options.form,
        batch=options.batch,
        dynamic_batch="batch" in words,
        dynamic_size="size" in words,
        thresh=options.thresh,
        nms=options.nms,
    )


def _require_fit(options: ExportOptions, target: ExportTarget) -> None:
    """What a format does not have, whatever the network."""
    row, words = FORMATS[options.format], f"--format {options.format}"
    if reason := row.unfit.get(options.form):
        raise DarknetError(f"{words} --form {options.form}: {reason}")
    if row.one_image and (target.batch > 1 or target.dynamic_batch or target.dynamic_size):
        raise DarknetError(f"{words}: {row.one_image}; leave out --batch and --dynamic")


def _is_model_folder(row: Format, out: Path) -> bool:
    return bool(row.folder) and out.absolute().parent.name.endswith(row.folder)


def file_paths(row: Format, out: Path) -> dict[str, Path]:
    """Suffix -> path; other files of a format lie beside the one that -o names."""
    if row.beside and out.suffix != row.suffix:
        others = " and a ".join(row.beside)
        go = "goes" if len(row.beside) == 1 else "go"
        expected = f"expected a name that ends in {row.suffix}; a {others} {go} beside it"
        raise DarknetError(f"-o {out}: {expected}")
    return {row.suffix: out} | {suffix: out.with_suffix(suffix) for suffix in row.beside}


def samples(cfg: str) -> list[str]:
    """Images in data/ here or beside the cfg's folder."""
    for folder in (Path("data"), Path(cfg).resolve().parent.parent / "data"):
        if images := sorted(map(str, folder.glob("*.jpg"))):
            return images[:SAMPLES]
    return []
