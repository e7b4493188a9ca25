"""Records become options: spelling, type, range, lists, order; and the fork of the environment."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner, Result
from support.tiny_detector import files, save

from darknet_py.cli.click_options import arguments, options_of
from darknet_py.cli.main import main
from darknet_py.errors import DarknetError
from darknet_py.forks import default_fork
from darknet_py.options.flag import flag

VARIABLE = "DARKNET_PY_FORK"


def where() -> str:
    return "here"


@dataclass(frozen=True, kw_only=True)
class Size:
    width: int | None = flag(None, "Pixels.", least=1)


@dataclass(frozen=True, kw_only=True)
class Sample(Size):
    cfg: str
    images: tuple[str, ...] = ()
    unseen: int = 3
    rate: float = flag(0.5, "A part.", least=0, most=1, above=True)
    kind: str = flag("a", "A letter.", "-k", "--kind-of", choices=("a", "b"))
    said: bool = flag(False, "Say so.", "--raise")
    out: tuple[str, ...] = flag((), metavar="FILE")
    each: tuple[int, ...] = flag((1, 2), "Sizes.", listed=True, least=1)
    pair: tuple[int, str] | None = flag(None, metavar="N DIR")
    quiet: int = flag(7, "Never shown.", hidden=True)
    place: str = flag("nowhere", "A place.", usual=where)


beside = click.option("--beside", is_flag=True, expose_value=False, help="Another.")


@click.command()
@arguments("cfg", "images...")
@options_of(Sample, "said", Size, beside, "kind")
def sample(**choices: Any) -> None:
    click.echo(asdict(Sample(**choices)))


HELP = """\
Usage: sample [OPTIONS] CFG [IMAGES]...

Options:
  --raise                Say so.
  --width INTEGER RANGE  Pixels.  [x>=1]
  --beside               Another.
  -k, --kind-of [a|b]    A letter.  [default: a]
  --rate FLOAT RANGE     A part.  [default: 0.5; 0<x<=1]
  --out FILE
  --each TEXT            Sizes.  [default: 1,2]
  --pair N DIR
  --quiet INTEGER        Never shown.
  --place TEXT           A place.  [default: here]
  --help                 Show this message and exit.
"""


def test_the_help_of_a_record() -> None:
    assert CliRunner().invoke(sample, ["--help"]).output == HELP


def run(*words: str) -> Result:
    return CliRunner().invoke(sample, ["n.cfg", *words])


def test_defaults_are_the_records() -> None:
    usual = asdict(Sample(cfg="n.cfg")) | {"place": "here"}
    assert run().output == f"{usual}\n"
    assert usual == {
        "width": None,
        "cfg": "n.cfg",
        "images": (),
        "unseen": 3,
        "rate": 0.5,
        "kind": "a",
        "said": False,
        "out": (),
        "each": (1, 2),
        "pair": None,
        "quiet": 7,
        "place": "here",
    }


def test_values_are_read_by_their_types() -> None:
    words = "x y --width 3 --rate 1 -k b --raise --out p --out q --each 4,4,2 --pair 5 d --place z"
    changed = Sample(
        cfg="n.cfg",
        images=("x", "y"),
        width=3,
        rate=1.0,
        kind="b",
        said=True,
        out=("p", "q"),
        each=(4, 2),
        pair=(5, "d"),
        place="z",
    )
    assert run(*words.split()).output == f"{asdict(changed)}\n"


@pytest.mark.parametrize(
    "words", ["--width 0", "--rate 0", "--rate 1.5", "-k c", "--each 0", "--each 1,x", "--pair 1"]
)
def test_values_out_of_range_are_refused(words: str) -> None:
    result = run(*words.split())
    assert result.exit_code == 2
    assert words.split()[0] in result.stderr


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    files(tmp_path)
    save(tmp_path, "a.png")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def detect(*words: str) -> Result:
    return CliRunner().invoke(main, ["detect", "n.cfg", "n.weights", "a.png", "-nogpu", *words])


def test_the_environment_chooses_the_fork_of_the_command_line(
    here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(VARIABLE, "pjreddie")
    said = detect().stderr.replace("fp32 compiled", "fp32")  # where there is a compiler
    assert "letterbox, thresh 0.5, nms default 0.45, torch cpu fp32, fork pjreddie" in said
    assert "thresh 0.24" in (given := detect("--fork", "alexeyab").stderr)
    assert "fork alexeyab" in given
    help_ = CliRunner().invoke(main, ["detect", "--help"]).output
    assert "two differ.  [default: pjreddie]" in " ".join(help_.split()).replace(". [", ".  [")
    monkeypatch.setenv(VARIABLE, "")
    assert "fork alexeyab" in detect().stderr


def test_an_unknown_fork_in_the_environment_is_one_line(
    here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(VARIABLE, "pjredie")
    message = (
        f"unknown fork 'pjredie' in the environment's {VARIABLE}, known are alexeyab, pjreddie; "
        "did you mean 'pjreddie'?"
    )
    with pytest.raises(DarknetError) as caught:
        default_fork()
    assert str(caught.value) == message
    for result in (detect(), CliRunner().invoke(main, ["ops", "n.cfg"])):
        assert (result.exit_code, result.stdout) == (1, "")
        assert result.stderr == f"darknet-py: error: {message}\n"
    assert detect("--fork", "alexeyab").exit_code == 0


def test_the_library_does_not_follow_the_environment(
    here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from darknet_py import load
    from darknet_py.network.graph import read_graph
    from darknet_py.options.model import CfgOptions

    monkeypatch.setenv(VARIABLE, "pjreddie")
    assert load("n.cfg", "n.weights").fork.name == "alexeyab"
    assert read_graph("n.cfg").fork.name == "alexeyab"
    assert CfgOptions(cfg="n.cfg").fork == "alexeyab"
