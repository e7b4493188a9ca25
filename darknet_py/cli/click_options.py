"""The options of the command line, made out of the records that commands take."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable, Iterator
from types import UnionType
from typing import Any, TypeVar, get_args, get_origin, get_type_hints

import click

from darknet_py.cfg.datafile import is_foreign
from darknet_py.options.flag import Flag, flags_of

Function = TypeVar("Function", bound=Callable[..., Any])
Decorator = Callable[[Any], Any]

as_json: Decorator = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
debug: Decorator = click.option(
    "--debug", is_flag=True, expose_value=False, help="Show the traceback of an error."
)


def _none_if_empty(ctx: click.Context, param: click.Parameter, value: str | None) -> str | None:
    return value or None


class PathText(click.ParamType[str]):
    """A path or name: an empty one would mean the working folder."""

    name = "text"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        if not value:
            self.fail("an empty path; the working folder is '.'", param, ctx)
        return value


class DataSet(PathText):
    """A .data file, or a data set of another layout in its place, which is then imported."""

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        path = super().convert(value, param, ctx)
        if not is_foreign(path):
            return path
        from darknet_py.interchange.given_data import as_data_file

        return as_data_file(path)


PATH = PathText()
DATA_SET = DataSet()
PATHS = re.compile("FILE|FOLDER|DIR|NAME")
"""What the metavar of an option says whose value is a path."""


def arguments(*names: str) -> Callable[[Function], Function]:
    """Words that must be given, in this order; [name] need not be, and of name... there are any.

    data|folder is a .data file, or a data set of any layout.
    """
    return _stacked([_argument(name) for name in names])


def options_of(record: type, *first: str | type | Decorator) -> Callable[[Function], Function]:
    """All options of a record, in the order of --help.

    first: which come first: a field, all that a class brings, or an option beside the record. The
    others follow in the order of `flags_of`.
    """
    flags, kinds = flags_of(record), get_type_hints(record)
    fields = {field.name: field for field in dataclasses.fields(record)}
    return _stacked(
        [
            _made(item, flags[item], kinds[item], fields[item].default)
            if isinstance(item, str)
            else item
            for item in dict.fromkeys([*_flattened(first), *flags])
        ]
    )


def _flattened(items: tuple[str | type | Decorator, ...]) -> Iterator[str | Decorator]:
    for item in items:
        if isinstance(item, type):
            yield from flags_of(item)
        else:
            yield item


def _stacked(decorators: list[Decorator]) -> Callable[[Function], Function]:
    def decorate(command: Function) -> Function:
        for decorator in reversed(decorators):
            command = decorator(command)
        return command

    return decorate


def _argument(name: str) -> Decorator:
    if name.endswith("..."):
        return click.argument(name.removesuffix("..."), nargs=-1)
    if name.startswith("["):
        # An empty one is none, as in Darknet.
        return click.argument(name.strip("[]"), required=False, callback=_none_if_empty)
    word, _, other = name.partition("|")
    return click.argument(word, type=DATA_SET if other else PATH)


class UsualOption(click.Option):
    """An option whose default is looked up when it is needed, also by --help."""

    def get_default(self, ctx: click.Context, call: bool = True) -> Any:
        return super().get_default(ctx, call=True)


def _made(name: str, flag: Flag, hint: Any, default: Any) -> Decorator:
    """The click option of a field."""
    kind = _without_none(hint)
    how: dict[str, Any] = {"is_flag": True} if kind is bool else _valued(flag, kind)
    how |= _default(flag, default)
    if kind is bool and default is None:
        how["default"] = None  # neither --x nor --no-x: click would take that for --no-x
    spellings = flag.spellings or (f"--{name}",)
    return click.option(*spellings, name, help=flag.help, **how)


def _without_none(hint: Any) -> Any:
    (kind, *_) = get_args(hint) if isinstance(hint, UnionType) else (hint,)
    return kind


def _default(flag: Flag, default: Any) -> dict[str, Any]:
    if flag.usual:
        return {"default": flag.usual, "cls": UsualOption}
    if flag.listed:
        return {"default": ",".join(map(str, default))}
    return {} if default in (None, ()) else {"default": default}


def _valued(flag: Flag, kind: Any) -> dict[str, Any]:
    """Of an option that takes a value: what it shows of it, and how it reads it."""
    shown = {"metavar": flag.metavar, "show_default": not flag.hidden}
    value = _type(flag, get_args(kind)[0] if _repeats(kind) else kind)
    if flag.listed:
        return shown | {"callback": listed(value)}
    return shown | {"type": value, "multiple": _repeats(kind)}


def _repeats(kind: Any) -> bool:
    return get_origin(kind) is tuple and Ellipsis in get_args(kind)


def _type(flag: Flag, kind: Any) -> Any:
    """What click takes for the type of a value."""
    if flag.choices:
        return click.Choice(flag.choices)
    if flag.least is not None or flag.most is not None:
        kinds: dict[Any, Any] = {int: click.IntRange, float: click.FloatRange}
        return kinds[kind](flag.least, flag.most, min_open=flag.above)
    if flag.metavar and PATHS.search(flag.metavar):
        return tuple(PATH if one is str else one for one in get_args(kind)) or PATH
    return get_args(kind) or kind


def listed(each: Any) -> Callable[..., tuple[Any, ...]]:
    """A callback that reads values of one type with commas between them, each taken once."""
    kind = click.types.convert_type(each)

    def read(ctx: click.Context, param: click.Parameter, value: str) -> tuple[Any, ...]:
        values = (kind.convert(word.strip(), param, ctx) for word in value.split(","))
        return tuple(dict.fromkeys(values))

    return read
