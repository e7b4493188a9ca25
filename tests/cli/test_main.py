"""Darknet's spelling, the table of commands, and what an error looks like."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result

import darknet_py
from darknet_py.cli import main as program
from darknet_py.cli.command_table import COMMANDS, Command
from darknet_py.cli.main import main, normalise

CFG = str(Path(__file__).resolve().parent.parent.parent / "cfg" / "yolov3-tiny.cfg")
KNOWN = ["--thresh", "--ext-output", "--letter_box", "--out", "-i", "--gpus", "--c", "--mAP_epochs"]


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("-thresh .4", "--thresh .4"),
        ("--thresh .4", "--thresh .4"),
        ("-thresh=.4 --thresh=.4", "--thresh=.4 --thresh=.4"),
        ("-ext_output --ext_output -ext-output", "--ext-output --ext-output --ext-output"),
        ("-letter_box --letter-box", "--letter_box --letter_box"),
        ("-mAP_epochs 4", "--mAP_epochs 4"),
        ("-i 0", "-i 0"),
        ("-c 0", "--c 0"),
        ("-x 0", "-x 0"),
        ("-thresh -.4 -1 -1e-3 -0.5", "--thresh -.4 -1 -1e-3 -0.5"),
        ("-gpus 0,1", "--gpus 0,1"),
        ("-out a-b_c.json ./-dir/x_y -", "--out a-b_c.json ./-dir/x_y -"),
        ("-tresh .4", "--tresh .4"),
        ("-Dont_Know", "--Dont-Know"),
        ("-out -- -thresh", "--out -- -thresh"),
        ("", ""),
    ],
)
def test_normalise(written: str, meant: str) -> None:
    assert normalise(written.split(), KNOWN) == meant.split()


@click.command()
@click.argument("files", nargs=-1)
@click.option("--thresh", type=float)
@click.option("--ext_output", is_flag=True)
@click.option("-i", "gpu", type=int)
def echo(files: tuple[str, ...], thresh: float | None, ext_output: bool, gpu: int | None) -> None:
    click.echo(f"{' '.join(files)} {thresh} {ext_output} {gpu}")


@click.command()
def interrupted() -> None:
    raise KeyboardInterrupt


@click.command()
def broken() -> None:
    raise ZeroDivisionError


@pytest.fixture
def table(monkeypatch: pytest.MonkeyPatch) -> None:
    """Three commands of this file in place of the program's own."""
    homes = {"detector test": "echo", "stop": "interrupted", "bug": "broken"}
    rows = {words: Command(f"{__name__}:{name}", "") for words, name in homes.items()}
    monkeypatch.setattr(program, "COMMANDS", rows)


def run(*words: str) -> Result:
    return CliRunner().invoke(main, list(words))


@pytest.mark.usefixtures("table")
@pytest.mark.parametrize(
    "words",
    [
        "detector test a b -thresh .4 -ext_output -i 2",
        "detector test -thresh .4 a -ext-output b -i 2",
        "detector test --thresh .4 -i 2 --ext_output a b",
        "detector -thresh .4 test -i 2 --ext-output a b",
        "-i 2 -thresh .4 detector test -ext_output a b",
    ],
)
def test_flags_stand_anywhere(words: str) -> None:
    result = run(*words.split())
    assert (result.exit_code, result.output) == (0, "a b 0.4 True 2\n")


@pytest.mark.usefixtures("table")
def test_negative_values() -> None:
    assert run("detector", "test", "-thresh", "-.5").output == " -0.5 False None\n"


@pytest.mark.usefixtures("table")
def test_interruption_is_130_without_a_word() -> None:
    result = run("stop")
    assert (result.exit_code, result.output.strip()) == (130, "")


@pytest.mark.usefixtures("table")
def test_a_bug_keeps_its_traceback() -> None:
    assert isinstance(run("bug").exception, ZeroDivisionError)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("sumary x", "no command 'sumary'; did you mean 'summary'? (try 'darknet-py --help')"),
        ("zzz", "no command 'zzz' (try 'darknet-py --help')"),
        (
            "detector tets",
            "no command 'detector tets'; did you mean 'test'? (try 'darknet-py detector --help')",
        ),
        ("detector", "Missing command. (try 'darknet-py detector --help')"),
        ("summary", "Missing argument 'CFG'. (try 'darknet-py summary --help')"),
    ],
)
def test_a_wrong_call_is_one_line_and_code_2(words: str, message: str) -> None:
    result = run(*words.split())
    assert (result.exit_code, result.stderr) == (2, f"darknet-py: error: {message}\n")


@pytest.mark.parametrize("spelling", ["-strct", "--strct"])
def test_an_unknown_option_names_the_nearest(spelling: str) -> None:
    result = run("summary", CFG, spelling)
    assert result.exit_code == 2
    assert "--strct" in result.stderr
    assert "--strict" in result.stderr
    assert result.stderr.count("\n") == 1


def test_an_error_is_one_line_and_code_1() -> None:
    result = run("summary", "none.cfg")
    message = "darknet-py: error: none.cfg: no such file; check the path\n"
    assert (result.exit_code, result.stderr, result.stdout) == (1, message, "")


@pytest.mark.parametrize("words", [["--debug", "summary"], ["summary", "-debug"]])
def test_debug_lets_the_error_through(words: Sequence[str]) -> None:
    result = run(*words, "none.cfg")
    assert isinstance(result.exception, darknet_py.DarknetError)


def test_debug_keeps_a_wrong_call_to_one_line() -> None:
    result = run("summary", "--debug")
    assert (result.exit_code, result.stderr.count("\n")) == (2, 1)


def test_version() -> None:
    assert run("--version").output == f"darknet-py, version {darknet_py.__version__}\n"


@pytest.mark.parametrize("words", [[], ["--help"]])
def test_help_lists_every_command(words: list[str]) -> None:
    result = run(*words)
    assert result.exit_code == 0
    for name in {command.split()[0] for command in COMMANDS}:
        assert f"\n  {name} " in result.output


def test_a_closed_pipe_is_quiet() -> None:
    command = [sys.executable, "-m", "darknet_py", "summary", CFG.replace("-tiny", ""), "--json"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout and process.stderr
        process.stdout.close()
        assert process.stderr.read() == b""
