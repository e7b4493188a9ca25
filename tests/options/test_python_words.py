"""The types that editors are shown are those of the records."""

from __future__ import annotations

from typing import Any, get_type_hints

import pytest

from darknet_py.options.evaluation import MapOptions
from darknet_py.options.from_python import keywords_of
from darknet_py.options.python_words import MapWords, StrPath, TrainWords
from darknet_py.options.training import DetectorTrainOptions

PATHS: dict[Any, Any] = {
    StrPath | None: str | None,
    StrPath | tuple[StrPath, ...]: tuple[str, ...],
    tuple[int, StrPath] | None: tuple[int, str] | None,
}
"""What may be a path -> what the record has then."""


@pytest.mark.parametrize(
    ("words", "record"), [(TrainWords, DetectorTrainOptions), (MapWords, MapOptions)]
)
def test_they_are_those_of_the_record(words: type, record: type) -> None:
    hints, expected = get_type_hints(words), get_type_hints(record)
    actual = {name: PATHS.get(hint, hint) for name, hint in hints.items()}
    assert actual == {name: expected[name] for name in keywords_of(record)}
