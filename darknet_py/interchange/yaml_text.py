"""YAML of others, read with PyYAML's safe loader, without what could make much out of little."""

from __future__ import annotations

from typing import Any

from darknet_py.errors import DataError
from darknet_py.interchange.file_tree import StoredFile
from darknet_py.lazy import optional_module

MOST_BYTES = 1 << 18
"""A file of ten thousand names has less."""
MOST_DEPTH = 8
"""Of lists in one another: PyYAML's time grows with the square of it."""
STARTS = ("SequenceStartToken", "MappingStartToken")
ENDS = ("SequenceEndToken", "MappingEndToken", "BlockEndToken")


def read_yaml(file: StoredFile) -> Any:
    """The value in a YAML file: plain dicts, lists, texts and numbers.

    Aliases are refused: a few lines of them stand for more than any memory holds. Raises DataError
    for what is no YAML, and for a file of more than MOST_BYTES.
    """
    yaml = optional_module("yaml", package="pyyaml")
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    text = file.text(MOST_BYTES)
    try:
        _require_plain(yaml, loader, text, file)
        return yaml.load(text, loader)
    except (yaml.YAMLError, ValueError, RecursionError) as failure:
        said = " ".join(str(failure).split())[:200]
        raise DataError(f"{file}: is no YAML ({said})") from None


def _require_plain(yaml: Any, loader: Any, text: str, file: StoredFile) -> None:
    """Looks at the words of the file before anything is made of them."""
    depth = 0
    for token in yaml.scan(text, loader):
        if isinstance(token, yaml.AliasToken):
            raise DataError(f"{file}: has aliases (*name), which are not read; write them out")
        word = type(token).__name__
        depth += word.endswith(STARTS) - word.endswith(ENDS)
        if depth > MOST_DEPTH:
            raise DataError(f"{file}: has more lists in one another than a data.yaml needs")
