"""YAML of others, read with PyYAML's safe loader, without what could make much out of little."""

from __future__ import annotations

from typing import Any

from darknet_py.errors import DataError
from darknet_py.interchange.file_tree import StoredFile
from darknet_py.lazy import optional_module

MOST_BYTES = 1 << 20


def read_yaml(file: StoredFile) -> Any:
    """The value in a YAML file: plain dicts, lists, texts and numbers.

    Aliases are refused: a few lines of them stand for more than any memory holds. Raises DataError
    for what is no YAML, and for a file of more than MOST_BYTES.
    """
    yaml = optional_module("yaml", package="pyyaml")
    text = file.text(MOST_BYTES)
    try:
        if any(isinstance(token, yaml.AliasToken) for token in yaml.scan(text, yaml.SafeLoader)):
            raise DataError(f"{file}: has aliases (*name), which are not read; write them out")
        return yaml.load(text, yaml.SafeLoader)
    except (yaml.YAMLError, ValueError, RecursionError) as failure:
        said = " ".join(str(failure).split())[:200]
        raise DataError(f"{file}: is no YAML ({said})") from None
