"""The options that many commands share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

from darknet_py.enginetable import ENGINES, PRECISIONS
from darknet_py.forks import FORKS

Function = TypeVar("Function", bound=Callable[..., Any])
Decorator = Callable[[Function], Function]

fork: Decorator[Any] = click.option(
    "--fork",
    type=click.Choice(list(FORKS)),
    default="alexeyab",
    show_default=True,
    help="Whose Darknet's numbers to give where the two differ.",
)
width: Decorator[Any] = click.option(
    "--width", type=click.IntRange(min=1), help="Input width in pixels instead of the cfg's."
)
height: Decorator[Any] = click.option(
    "--height", type=click.IntRange(min=1), help="Input height in pixels instead of the cfg's."
)
gpu: Decorator[Any] = click.option("-i", "gpu", type=int, metavar="GPU", help="CUDA device number.")
nogpu: Decorator[Any] = click.option("--nogpu", is_flag=True, help="Run on the CPU.")
device: Decorator[Any] = click.option(
    "--device", help="cpu, cuda, cuda:N or mps (default: CUDA if there is one)."
)
strict: Decorator[Any] = click.option("--strict", is_flag=True, help="Take warnings as errors.")
as_json: Decorator[Any] = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
debug: Decorator[Any] = click.option(
    "--debug", is_flag=True, expose_value=False, help="Show the traceback of an error."
)
precision: Decorator[Any] = click.option(
    "--precision",
    type=click.Choice(PRECISIONS),
    default="fp32",
    show_default=True,
    help="Of the arithmetic; heads are always fp32.",
)
engine: Decorator[Any] = click.option(
    "--engine",
    default="torch",
    show_default=True,
    help=f"What runs the network: {', '.join(ENGINES)}.",
)
compiled: Decorator[Any] = click.option(
    "--compile", "compiled", is_flag=True, help="Make machine code first; kept for the next start."
)


def network(function: Function) -> Function:
    """--fork, --width, --height and --strict: how a cfg is read."""
    decorated: Function = fork(width(height(strict(function))))
    return decorated


def where(function: Function) -> Function:
    """-i, --nogpu and --device: what a network runs on."""
    decorated: Function = gpu(nogpu(device(function)))
    return decorated


def running(function: Function) -> Function:
    """--precision, --engine and --compile: how a network runs there."""
    decorated: Function = precision(engine(compiled(function)))
    return decorated
