"""The container's recipe names what is there, and says what `serve` understands."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from fnmatch import fnmatch
from pathlib import Path

import click
import pytest
from starlette.requests import Request
from starlette.responses import Response
from support.plain_app import operation, plain_app
from support.served import served

from darknet_py.cli.serve_command import serve

ROOT = Path(__file__).resolve().parents[2]
RECIPE = (ROOT / ".docker" / "Dockerfile").read_text()
LINES = re.sub(r"\\\n", "", RECIPE).splitlines()
IGNORED = [
    line for line in (ROOT / ".dockerignore").read_text().splitlines() if line and line[0] != "#"
]


def steps(word: str) -> list[str]:
    return [line.partition(" ")[2] for line in LINES if line.startswith(f"{word} ")]


def copied() -> Iterator[str]:
    for step in steps("COPY"):
        if not step.startswith("--from"):
            yield from step.split()[:-1]


def is_sent(path: str) -> bool:
    """Whether .dockerignore lets it through: the last line that speaks of it holds."""
    sent = True
    for line in IGNORED:
        if fnmatch(path, line.lstrip("!")):
            sent = line.startswith("!")
    return sent


@pytest.mark.parametrize("path", sorted(set(copied())))
def test_what_is_copied_is_there_and_is_sent(path: str) -> None:
    assert (ROOT / path).exists() and is_sent(path)


def test_nothing_else_is_sent() -> None:
    opened = {line[1:] for line in IGNORED if line.startswith("!")}
    assert opened == set(copied())
    assert not is_sent(".git") and not is_sent("tests") and not is_sent("data/scene.jpg")


def test_the_words_of_its_start_are_options_of_serve() -> None:
    (start,), (rest,) = steps("ENTRYPOINT"), steps("CMD")
    program, command, *options = json.loads(start)
    assert (program, command) == ("darknet-py", "serve")
    with click.Context(serve) as context:
        values, left, _ = serve.make_parser(context).parse_args([*options, *json.loads(rest)])
        other, _, _ = serve.make_parser(context).parse_args([*options, "a", "b", "--host", "::1"])
    assert (values["cfg"], values["weights"], left) == ("shapes.cfg", "shapes.weights", [])
    assert values["host"] == "0.0.0.0" and other["host"] == "::1"


def test_its_network_has_its_names() -> None:
    copies = next(step.split() for step in steps("COPY") if "shapes.cfg" in step)
    assert copies[-1] == steps("WORKDIR")[-1] + "/"
    assert {Path(path).name for path in copies[:-1]} == {
        "shapes.cfg",
        "shapes.weights",
        "shapes.names",
    }


def test_it_does_not_run_as_root() -> None:
    assert LINES.index("USER darknet") < min(
        number for number, line in enumerate(LINES) if line.startswith("ENTRYPOINT")
    )


@pytest.mark.parametrize("status", [200, 503])
def test_its_health_is_asked_for_by_python(status: int) -> None:
    async def healthz(request: Request) -> Response:
        return Response(status_code=status)

    (check,) = steps("HEALTHCHECK")
    program, option, code = json.loads(check.partition("CMD ")[2])
    port = f", {steps('EXPOSE')[0]},"
    assert (program, option, code.count(port)) == ("python", "-c", 1)
    with served(plain_app(operation("/healthz", healthz, "GET"))) as real:
        words = [sys.executable, option, code.replace(port, f", {real},")]
        assert subprocess.run(words).returncode == (status != 200)


def test_torch_is_installed_with_the_tested_versions() -> None:
    pinned = [step for step in steps("RUN") if "pip install" in step]
    assert len(pinned) == 2 and all(" -c constraints.txt " in step for step in pinned)
    assert "torch" in pinned[0] and '".[serve]"' in pinned[1]
    assert "serve =" in (ROOT / "setup.cfg").read_text()
