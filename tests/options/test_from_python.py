"""Options as keywords: their signature, their help, what they may be."""

from __future__ import annotations

import inspect
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from darknet_py.errors import DarknetError
from darknet_py.options.evaluation import MapOptions
from darknet_py.options.from_python import checked_words, with_keywords
from darknet_py.options.training import DetectorTrainOptions


@with_keywords(MapOptions)
def measure(data: str, **words: Any) -> None:
    """Measure."""


def test_signature_and_help_are_the_records() -> None:
    parameters = inspect.signature(measure).parameters
    assert list(parameters)[:2] == ["data", "thresh"] and "words" not in parameters
    batch = parameters["batch"]
    assert (batch.default, batch.kind) == (4, inspect.Parameter.KEYWORD_ONLY)
    assert (parameters["out"].annotation, parameters["curves"].annotation) == (
        "tuple[str, ...]",
        "str | None",
    )
    assert "log_style" not in parameters
    text = inspect.getdoc(measure) or ""
    assert text.startswith("Measure.\n\nOptions, as the command has them:\n")
    assert "\n    compiled (--compile/--no-compile): Compile the network first;" in text


GOOD = {
    "thresh": (1, 1.0),
    "batch": (np.int64(3), 3),
    "coco": (np.True_, True),
    "curves": (Path("a") / "b.png", str(Path("a") / "b.png")),
    "out": (Path("o.json"), ("o.json",)),
    "worst": ([2, Path("w")], (2, "w")),
    "width": (None, None),
    "precision": ("bf16", "bf16"),
}


@pytest.mark.parametrize("name", GOOD)
def test_values_become_those_of_the_record(name: str) -> None:
    given, expected = GOOD[name]
    made = checked_words("f", MapOptions, {name: given})[name]
    assert made == expected and type(made) is type(expected)


def test_several_files() -> None:
    given = {"out": ["a.json", Path("a.csv")]}
    assert checked_words("f", MapOptions, given) == {"out": ("a.json", "a.csv")}


BAD = [
    ("batch", 0, "batch is 0, expected a number from 1 to 65536"),
    ("batch", 2.0, "batch is 2.0, of type float, expected int"),
    ("batch", True, "batch is True, of type bool, expected int"),
    ("batch", None, "batch is None, of type NoneType, expected int"),
    ("thresh", ".5", "thresh is '.5', of type str, expected float"),
    ("coco", 1, "coco is 1, of type int, expected bool"),
    ("curves", 3, "curves is 3, of type int, expected text or a path"),
    ("curves", "", "curves is '', of type str, expected text or a path"),
    ("out", 3, r"out is 3, of type int, expected tuple\[text or a path, ...\]"),
    ("worst", (1,), r"worst is \(1,\), of type tuple, expected tuple\[int, text or a path\]"),
    ("precision", "fp8", "precision is 'fp8', expected fp32, tf32, bf16, fp16, int8$"),
]


@pytest.mark.parametrize(("name", "value", "message"), BAD)
def test_values_that_cannot_be(name: str, value: object, message: str) -> None:
    with pytest.raises(DarknetError, match=f"^{message}"):
        checked_words("f", MapOptions, {name: value})


@pytest.mark.parametrize(
    ("word", "hint"),
    [
        ("mAP_epochs", "; it is called 'epochs' here"),
        ("sedd", "; did you mean 'seed'?"),
        ("zzz", ""),
    ],
)
def test_keywords_that_there_are_none_of(word: str, hint: str) -> None:
    with pytest.raises(TypeError) as raised:
        checked_words("f", DetectorTrainOptions, {word: 1})
    assert str(raised.value) == f"f() got an unexpected keyword argument '{word}'{hint}"
