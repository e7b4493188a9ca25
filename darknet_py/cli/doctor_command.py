"""`doctor`: what a bug report needs to say of this machine, and a self-test."""

from __future__ import annotations

import json

import click

from darknet_py.cli.click_options import as_json


@click.command()
@as_json
@click.option("--no-self-test", is_flag=True, help="Leave out the self-test, about 2 seconds.")
@click.pass_context
def doctor(ctx: click.Context, /, as_json: bool, no_self_test: bool) -> None:
    """Show versions, devices, codecs, engines and more, with the cure for each issue.

    The text is made to be pasted into a bug report: the home folder is `~` in it, passwords and
    tokens are left out. The self-test compares a small network with stored numbers and times
    another. Exit code 1 if something that every command needs is missing or broken, or if the
    self-test gives wrong numbers.
    """
    from darknet_py.doctor.report import document, last_line, text_of
    from darknet_py.doctor.sections import examined

    sections = []
    for section in examined(not no_self_test):
        sections.append(section)
        if not as_json:
            click.echo(f"{text_of(section)}\n")
    whole = document(sections)
    click.echo(json.dumps(whole, indent=2) if as_json else last_line(sections))
    ctx.exit(1 if whole["issues"] else 0)
