"""The options of commands that run a classifier."""

from __future__ import annotations

from dataclasses import dataclass

from darknet_py.options.common import NAMES, ModelOptions, RunOptions
from darknet_py.options.flag import flag


@dataclass(frozen=True, kw_only=True)
class ClassifierOptions(ModelOptions, RunOptions):
    """What all commands of classifiers can be told. top: None for what the .data file says."""

    data: str | None = None
    top: int | None = flag(
        None, "Guesses that count, instead of top= in DATA.", "-t", least=1, metavar="N"
    )


@dataclass(frozen=True, kw_only=True)
class ListedOptions(ClassifierOptions):
    """The options of `classifier valid`, `test` and others that take a list of DATA."""

    batch: int = flag(8, "Images run at once.", least=1)


@dataclass(frozen=True, kw_only=True)
class PredictOptions(ClassifierOptions):
    """The options of `classifier predict`."""

    images: tuple[str, ...] = ()
    names: str | None = flag(None, NAMES, metavar="FILE")


@dataclass(frozen=True, kw_only=True)
class ClassifyOptions(PredictOptions):
    """The options of `classify`."""

    top: int | None = flag(5, "Classes to name.", "-t", least=1)
