"""Options as keywords of a Python function: its signature, its help, and what they may be."""

from __future__ import annotations

import inspect
import operator
import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from types import UnionType
from typing import Any, TypeVar, get_args, get_origin, get_type_hints

from darknet_py.cfg.datafile import DataFile
from darknet_py.errors import DarknetError, nearest
from darknet_py.options.evaluation import MapOptions
from darknet_py.options.flag import Flag, flags_of
from darknet_py.options.training import DetectorTrainOptions

Function = TypeVar("Function", bound=Callable[..., Any])
OF_THE_SCREEN = ("log_style",)
"""Options of what a command prints, which a function does not."""


@dataclass(frozen=True, kw_only=True)
class GivenTrainOptions(DetectorTrainOptions):
    """The same with the data read already."""

    given: DataFile

    @property
    def data_file(self) -> DataFile:
        return self.given


@dataclass(frozen=True, kw_only=True)
class GivenMapOptions(MapOptions):
    """The same with the data read already."""

    given: DataFile

    @property
    def data_file(self) -> DataFile:
        return self.given


def keywords_of(record: type) -> list[str]:
    """The options of a record that a function takes, in the order of `--help`."""
    return [name for name in flags_of(record) if name not in OF_THE_SCREEN]


def with_keywords(record: type) -> Callable[[Function], Function]:
    """Shows the options of a record in the signature and the docstring of a function.

    The function takes them as **words; those it has parameters for stay as they are there.
    """

    def decorate(function: Function) -> Function:
        signature = inspect.signature(function)
        own = [one for one in signature.parameters.values() if one.kind != one.VAR_KEYWORD]
        shown = [_parameter(record, name) for name in keywords_of(record)]
        made = signature.replace(parameters=[*own, *shown])
        setattr(function, "__signature__", made)  # noqa: B010 - mypy knows of no such attribute
        function.__doc__ = f"{inspect.cleandoc(function.__doc__ or '')}\n\n{_help(record)}\n"
        return function

    return decorate


def _parameter(record: type, name: str) -> inspect.Parameter:
    annotation = _hint_text(get_type_hints(record)[name])
    default = record.__dataclass_fields__[name].default  # type: ignore[attr-defined]
    kind = inspect.Parameter.KEYWORD_ONLY
    return inspect.Parameter(name, kind, default=default, annotation=annotation)


def _hint_text(hint: Any) -> str:
    return hint.__name__ if isinstance(hint, type) and not get_args(hint) else str(hint)


def _help(record: type) -> str:
    flags = flags_of(record)
    lines = (f"    {name}{_spelt(flags[name])}: {flags[name].help}" for name in keywords_of(record))
    return "\n".join(["Options, as the command has them:", *lines])


def _spelt(flag: Flag) -> str:
    return f" ({' '.join(flag.spellings)})" if flag.spellings else ""


def checked_words(function: str, record: type, words: Mapping[str, Any]) -> dict[str, Any]:
    """The values for the fields of a record, of the types and in the ranges that they have.

    function: what was called, for messages. Raises TypeError for a keyword that there is none of,
    DarknetError for a value that cannot be.
    """
    known, hints, flags = keywords_of(record), get_type_hints(record), flags_of(record)
    for name in words:
        if name not in known:
            hint = _other_name(name, flags, known)
            raise TypeError(f"{function}() got an unexpected keyword argument '{name}'{hint}")
    return {name: _checked(name, hints[name], flags[name], words[name]) for name in words}


def _other_name(word: str, flags: Mapping[str, Flag], known: Iterable[str]) -> str:
    """The keyword for a word of the command line, or the nearest one."""
    spelt = {text.strip("-"): name for name in known for text in flags[name].spellings}
    return f"; it is called '{spelt[word]}' here" if word in spelt else nearest(word, known)


def _checked(name: str, hint: Any, flag: Flag, value: Any) -> Any:
    if value is None and type(None) in get_args(hint):
        return None
    kind = get_args(hint)[0] if isinstance(hint, UnionType) else hint
    try:
        made = _of_kind(kind, value)
    except TypeError:
        expected = _hint_text(kind).replace("str", "text or a path")
        raise DarknetError(
            f"{name} is {value!r}, of type {type(value).__name__}, expected {expected}"
        ) from None
    _require_range(name, flag, made)
    return made


def _of_kind(kind: Any, value: Any) -> Any:
    """The value as the type; raises TypeError where it is of another."""
    if get_origin(kind) is tuple:
        return _as_tuple(get_args(kind), value)
    return READERS[kind](value)


def _as_tuple(kinds: tuple[Any, ...], value: Any) -> tuple[Any, ...]:
    if Ellipsis in kinds:
        one = isinstance(value, (str, os.PathLike))
        return tuple(_of_kind(kinds[0], each) for each in ([value] if one else value))
    values = tuple(value)
    if len(values) != len(kinds):
        raise TypeError
    return tuple(_of_kind(kind, each) for kind, each in zip(kinds, values, strict=True))


def _truth(value: Any) -> bool:
    if type(value).__name__ not in ("bool", "bool_"):  # numpy's as well
        raise TypeError
    return bool(value)


def _whole(value: Any) -> int:
    if isinstance(value, bool):
        raise TypeError
    return operator.index(value)


def _number(value: Any) -> float:
    if isinstance(value, (bool, str)):
        raise TypeError
    return float(value)


def _path(value: Any) -> str:
    text = os.fspath(value)
    if not isinstance(text, str) or not text:
        raise TypeError
    return text


READERS: dict[Any, Callable[[Any], Any]] = {
    bool: _truth,
    int: _whole,
    float: _number,
    str: _path,
}
"""What makes a value of each type out of what was given."""


def _require_range(name: str, flag: Flag, value: Any) -> None:
    if flag.choices and value not in flag.choices:
        hint = nearest(str(value), flag.choices)
        raise DarknetError(f"{name} is '{value}', expected {', '.join(flag.choices)}{hint}")
    if not _above(flag, value) or (flag.most is not None and not value <= flag.most):
        least = [] if flag.least is None else ["above" if flag.above else "from", f"{flag.least:g}"]
        words = least + ([] if flag.most is None else ["to", f"{flag.most:g}"])
        raise DarknetError(f"{name} is {value}, expected a number {' '.join(words)}")


def _above(flag: Flag, value: Any) -> bool:
    """Whether a value is not below the least; nan is not."""
    if flag.least is None:
        return True
    return bool(value > flag.least or (value == flag.least and not flag.above))
