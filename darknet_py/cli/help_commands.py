"""`help` and `version`, which Hank.ai's program has as commands."""

from __future__ import annotations

import click

from darknet_py import __version__


@click.command("help")
@click.argument("words", metavar="[COMMAND]...", nargs=-1)
def help_of(words: tuple[str, ...]) -> None:
    """Show the help of a COMMAND, of all without one.

    `help flags` lists all flags of Darknet's programs: on which commands each has an effect, and
    why it has none on the others.
    """
    from darknet_py.cli.flag_table import flag_lines
    from darknet_py.cli.main import execute

    if words == ("flags",):
        click.echo("\n".join(flag_lines()))
    elif code := execute([*words, "--help"]):
        raise SystemExit(code)


@click.command()
def version() -> None:
    """Show the version."""
    click.echo(f"darknet-py, version {__version__}")
