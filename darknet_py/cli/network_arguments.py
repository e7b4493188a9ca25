"""CFG and WEIGHTS that may be the name of a published network.

A word is a name only if no file is called so. Of a named network WEIGHTS and class names are known,
so that the words behind it move up: in `detect yolov4-tiny dog.jpg` dog.jpg is an image. Only a
word that ends in .weights is WEIGHTS there. All commands that take names take them through here.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any, TypeVar, cast

import click

from darknet_py.cli.click_options import arguments
from darknet_py.errors import DarknetError
from darknet_py.weights_registry.named_network import (
    is_name,
    network_paths,
    slip,
    weights_path,
)

Function = TypeVar("Function", bound=Callable[..., Any])
ENDING = ".weights"
CFG_ENDING = ".cfg"


def network_arguments(*names: str, fills: bool = True) -> Callable[[Function], Function]:
    """`arguments` of which cfg and weights may be names.

    fills: a named network brings its weights and class names along; otherwise, where a network is
    trained, only its cfg.
    """
    required = "weights" in names
    words = tuple(name.strip("[]").removesuffix("...").partition("|")[0] for name in names)
    lists = {name.removesuffix("...") for name in names if name.endswith("...")}
    row = _Row(words[words.index("cfg") + 1 :], lists, required, fills)

    def decorate(command: Function) -> Function:
        @functools.wraps(command)
        def named(**choices: Any) -> Any:
            return command(**row.resolved(choices))

        written = ["[weights]" if name == "weights" else name for name in names]
        return cast(Function, arguments(*written)(named))

    return decorate


class _Row:
    """The arguments behind CFG. lists: those of any number of words."""

    def __init__(self, behind: Sequence[str], lists: set[str], required: bool, fills: bool) -> None:
        self.behind, self.lists = behind, lists
        self.required, self.fills = required, fills

    def resolved(self, choices: dict[str, Any]) -> dict[str, Any]:
        """The choices with paths for names; raises DarknetError and UsageError."""
        cfg = choices["cfg"]
        if is_name(cfg):
            return self._named(cfg, choices)
        if cfg and (hint := slip(cfg)):
            raise DarknetError(f"{cfg}: no such file, and no network of that name{hint}")
        if self.required and choices["weights"] is None:
            raise click.MissingParameter(
                ctx=click.get_current_context(), param_hint="'WEIGHTS'", param_type="argument"
            )
        return choices | _weights(choices)

    def _named(self, cfg: str, choices: dict[str, Any]) -> dict[str, Any]:
        if "weights" not in self.behind:
            return choices | {"cfg": network_paths(cfg, weights=False).cfg}
        if not self.fills:
            cfg = network_paths(cfg, weights=False).cfg
            return choices | {"cfg": cfg} | _weights(choices)
        words = self._words(choices)
        own = words.pop(0) if words and words[0].endswith(ENDING) else None
        behind = self._behind_weights(words)
        paths = network_paths(cfg, weights=own is None)
        made = choices | behind | {"cfg": paths.cfg, "weights": own or paths.weights}
        if "names" in choices and not (choices["names"] or choices.get("data")):
            made["names"] = paths.names
        return made

    def _words(self, choices: dict[str, Any]) -> list[str]:
        """What is written behind CFG, in order."""
        given = (choices[name] for name in self.behind)
        groups = ([*value] if isinstance(value, tuple) else [value] for value in given)
        return [word for group in groups for word in group if word is not None]

    def _behind_weights(self, words: list[str]) -> dict[str, Any]:
        """The words for the arguments behind WEIGHTS."""
        made: dict[str, Any] = {}
        for name in self.behind[self.behind.index("weights") + 1 :]:
            if name in self.lists:
                made[name], words = tuple(words), []
            else:
                made[name] = words.pop(0) if words else None
        if words:
            raise click.UsageError(f"Got unexpected extra argument ({' '.join(words)})")
        return made


def _weights(choices: dict[str, Any]) -> dict[str, str]:
    """The path for WEIGHTS that are a name."""
    word = choices.get("weights")
    return {"weights": weights_path(str(word))} if is_name(word) else {}


def convertible_files(
    words: Sequence[str], cfg: str | None, out: str | None, needs_cfg: bool
) -> tuple[str | None, str, str]:
    """Cfg, input and output of `convert`, whose words stand in any order but IN before OUT.

    The cfg is told by its ending or as a name; a named network's own weights are the input where
    none is given. Raises UsageError, and what network_paths raises.
    """
    rest = list(words)
    if cfg is None:
        cfg = next((word for word in rest if word.lower().endswith(CFG_ENDING)), None)
        cfg = cfg or next((word for word in rest if is_name(word)), None)
        if cfg is not None:
            rest.remove(cfg)
    out = out or (rest.pop() if rest else None)
    if cfg is not None and is_name(cfg):
        paths = network_paths(cfg, weights=not rest)
        cfg, rest = paths.cfg, rest or [str(paths.weights)]
    if out is None or len(rest) != 1 or (needs_cfg and cfg is None):
        raise click.UsageError("expected CFG IN OUT: a .cfg file or a name, and two files")
    return cfg, rest[0], out
