"""PyTorch's checkpoints, read so that nothing of them can run.

Whole models are pickled by the names of their classes. Those classes are never imported: each name
that a model may have is an inert stand-in of ours that keeps what it is given, and a file with any
other name is refused before it is unpickled. torch.load reads it with weights_only=True.
"""

from __future__ import annotations

import itertools
import os
import pickletools
import warnings
import zipfile
from collections.abc import Iterator
from typing import IO, Any

import torch
from torch import Tensor

from darknet_py.errors import CANNOT_OPEN, WeightsError, open_failure

ZIP_START = b"PK\x03\x04"
LEGACY_PICKLES = 4
"""torch's older files begin with a magic number, a version, facts of the machine, the object."""
MOST_PICKLE = 64 << 20
"""Bytes of the pickle of a zip file; that of the largest published model has 1 MB."""
KNOWN = {
    "torch._utils": {"_rebuild_tensor", "_rebuild_tensor_v2", "_rebuild_parameter"},
    "torch": {
        *(f"{kind}Storage" for kind in ("Float", "Half", "Double", "BFloat16", "Long", "Int")),
        *(f"{kind}Storage" for kind in ("Short", "Char", "Byte", "Bool")),
        *("Size", "device", "float16", "float32", "float64", "bfloat16", "int64"),
    },
    "collections": {"OrderedDict"},
    "_codecs": {"encode"},
}
"""What torch itself rebuilds; it makes tensors of the file's own bytes, and nothing larger."""
STANDS_IN = ("models", "utils", "torch.nn", "numpy", "pytorchyolo", "mish_cuda", "pathlib")
"""Packages of whose names a model is made; those names are never looked up."""
BUILT_IN = {"set", "slice", "getattr", "complex"}
"""Built-in names that a model's odds and ends may have; stand-ins take their place as well."""


class StandIn:
    """Takes the place of a class or function of the file. state: what it was given, if a dict."""

    def __new__(cls, *_: Any, **__: Any) -> StandIn:
        made = super().__new__(cls)
        made.state = {}
        return made

    state: dict[str, Any]

    def __init__(self, *_: Any, **__: Any) -> None:
        pass

    def __setstate__(self, state: Any) -> None:
        self.state = state if isinstance(state, dict) else {}

    @property
    def kind(self) -> str:
        """The class's name in the file."""
        return type(self).__name__


def read_checkpoint(path: str | os.PathLike[str]) -> Any:
    """What a file of torch.save holds: dicts, lists, tensors, and StandIn for all other objects.

    Raises WeightsError for a file that is none, is damaged, claims more than it has, or names
    anything that no model is made of.
    """
    name = os.fspath(path)
    try:
        with open(name, "rb") as file:
            names = sorted(set(_names(name, file)))
            file.seek(0)
            stand_ins = [_stand_in(word) for word in names if not _known(word)]
            found = _load(file, stand_ins)
            _require_own_bytes(name, found, os.fstat(file.fileno()).st_size)
    except WeightsError:
        raise
    except CANNOT_OPEN as failure:
        raise WeightsError(f"{name}: cannot be read: {open_failure(failure)}") from None
    except Exception as failure:  # noqa: BLE001 - torch and pickle raise of everything
        reason = (str(failure) or type(failure).__name__).splitlines()[0][:120]
        raise WeightsError(f"{name}: cannot be read as a PyTorch file: {reason}") from None
    return found


def _load(file: IO[bytes], stand_ins: list[type]) -> Any:
    if not stand_ins:
        return torch.load(file, map_location="cpu", weights_only=True)
    allowed = getattr(torch.serialization, "safe_globals", None)
    if allowed is None:  # pragma: no cover - older than 2.5
        raise WeightsError("holds a whole model, which torch reads safely from version 2.5 on")
    with allowed(stand_ins), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return torch.load(file, map_location="cpu", weights_only=True)


def _names(name: str, file: IO[bytes]) -> Iterator[str]:
    """`module name` of all that the file names; raises WeightsError for what no model has."""
    start = file.read(len(ZIP_START))
    file.seek(0)
    streams = _zipped(name, file) if start == ZIP_START else itertools.repeat(file, LEGACY_PICKLES)
    for stream in streams:
        for opcode, argument, _ in pickletools.genops(stream):
            if opcode.name == "STACK_GLOBAL":
                raise WeightsError(f"{name}: is pickled in a way that torch.save does not write")
            if opcode.name in ("GLOBAL", "INST"):
                yield _accepted(name, str(argument))


def _zipped(name: str, file: IO[bytes]) -> Iterator[IO[bytes]]:
    """The one pickle of a zip file, of which no entry may be larger than it lies there."""
    with zipfile.ZipFile(file) as archive:
        entries = archive.infolist()
        packed = [entry for entry in entries if entry.compress_type != zipfile.ZIP_STORED]
        if packed or sum(entry.file_size for entry in entries) > os.fstat(file.fileno()).st_size:
            raise WeightsError(f"{name}: is compressed, or claims more bytes than it has")
        pickles = [entry for entry in entries if entry.filename.endswith("/data.pkl")]
        if len(pickles) != 1:
            raise WeightsError(f"{name}: is a zip archive, but no file of torch.save")
        if pickles[0].file_size > MOST_PICKLE:
            raise WeightsError(f"{name}: its pickle has {pickles[0].file_size} bytes")
        with archive.open(pickles[0]) as stream:
            yield stream


def _accepted(name: str, word: str) -> str:
    if _known(word) or _stands_in(word):
        return word
    dotted = word.replace(" ", ".")
    message = f"names {dotted[:80]}, which no network needs: it may be made to run something"
    raise WeightsError(f"{name}: {message}; nothing of it was run")


def _known(word: str) -> bool:
    module, _, name = word.partition(" ")
    return name in KNOWN.get(module, ())


def _stands_in(word: str) -> bool:
    module, _, name = word.partition(" ")
    if module in ("__builtin__", "builtins"):
        return name in BUILT_IN
    return any(module == package or module.startswith(f"{package}.") for package in STANDS_IN)


def _stand_in(word: str) -> type:
    """A class of that name, by which torch finds it."""
    module, _, name = word.partition(" ")
    module = "builtins" if module == "__builtin__" else module
    return type(name, (StandIn,), {"__module__": module, "__qualname__": name})


def _require_own_bytes(name: str, found: Any, size: int) -> None:
    """A tensor may show a few bytes as many (stride 0, one storage many times)."""
    claimed = sum(tensor.numel() * tensor.element_size() for tensor in _tensors(found, set()))
    if claimed > size:
        raise WeightsError(f"{name}: its tensors claim {claimed} bytes, the file has {size}")


def _tensors(value: Any, met: set[int]) -> Iterator[Tensor]:
    if isinstance(value, Tensor):
        if id(value) not in met:
            met.add(id(value))
            yield value
        return
    parts = value.state if isinstance(value, StandIn) else value
    if not isinstance(parts, (dict, list, tuple)) or id(parts) in met:
        return
    met.add(id(parts))
    for part in parts.values() if isinstance(parts, dict) else parts:
        yield from _tensors(part, met)
