"""Names of networks where CFG and WEIGHTS stand: which word is what then."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner, Result
from support.small_registry import registered
from support.weights_server import Site

from darknet_py.cli.main import main
from darknet_py.cli.network_arguments import network_arguments
from darknet_py.weights_registry.named_network import network_paths, weights_path


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    """Serves the network `demo`; the working folder is empty."""
    monkeypatch.setenv("DARKNET_PY_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")
    with registered("demo", tmp_path, monkeypatch) as site:
        yield site


def read(names: tuple[str, ...], words: str, **how: bool) -> dict[str, Any] | str:
    """What a command with these arguments gets, or how it is refused."""
    taken: dict[str, Any] = {}

    @click.command()
    @network_arguments(*names, **how)
    @click.option("--names")
    def command(**choices: Any) -> None:
        taken.update(choices)

    result = CliRunner().invoke(command, words.split(), standalone_mode=False)
    return taken or str(result.exception)


DETECT = ("cfg", "[weights]", "images...")
DEMO = ("data", "cfg", "[weights]", "[source]")
SERVE = ("cfg", "weights", "more...")
FILES = {"cfg": "CFG", "weights": "WEIGHTS", "names": "NAMES"}
ROWS = [
    (DETECT, "demo", FILES | {"images": ()}),
    (DETECT, "demo dog.jpg", FILES | {"images": ("dog.jpg",)}),
    (DETECT, "demo dog.jpg b.png", FILES | {"images": ("dog.jpg", "b.png")}),
    (DETECT, "demo my.weights dog.jpg", FILES | {"weights": "my.weights", "images": ("dog.jpg",)}),
    (DETECT, "demo a.jpg --names b.names", FILES | {"images": ("a.jpg",), "names": "b.names"}),
    (
        DETECT,
        "a.cfg demo dog.jpg",
        {"cfg": "a.cfg", "weights": "WEIGHTS", "names": None, "images": ("dog.jpg",)},
    ),
    (
        DETECT,
        "a.cfg b.weights demo",
        {"cfg": "a.cfg", "weights": "b.weights", "names": None, "images": ("demo",)},
    ),
    (DETECT, "a.cfg", {"cfg": "a.cfg", "weights": None, "names": None, "images": ()}),
    (DEMO, "a.data demo", FILES | {"data": "a.data", "source": None, "names": None}),
    (DEMO, "a.data demo v.mp4", FILES | {"data": "a.data", "source": "v.mp4", "names": None}),
    (SERVE, "demo", FILES | {"more": ()}),
    (SERVE, "demo x=a,b demo", FILES | {"more": ("x=a,b", "demo")}),
    (
        SERVE,
        "a.cfg demo x=a,b",
        {"cfg": "a.cfg", "weights": "WEIGHTS", "names": None, "more": ("x=a,b",)},
    ),
    (("cfg",), "demo", {"cfg": "CFG", "names": None}),
]


@pytest.mark.parametrize(("names", "words", "expected"), ROWS, ids=lambda value: str(value)[:40])
def test_which_word_is_what(
    site: Site, names: tuple[str, ...], words: str, expected: dict[str, Any]
) -> None:
    paths = network_paths("demo")
    known = {"CFG": paths.cfg, "WEIGHTS": paths.weights, "NAMES": paths.names}
    actual = read(names, words)
    assert isinstance(actual, dict), actual
    assert actual == {key: known.get(str(value), value) for key, value in expected.items()}


def test_where_a_network_is_trained(site: Site) -> None:
    words = ("data", "cfg", "[weights]")
    cfg = network_paths("demo", weights=False).cfg
    rest = {"data": "a.data", "names": None}
    assert site.asked == []
    assert read(words, "a.data demo", fills=False) == rest | {"cfg": cfg, "weights": None}
    assert site.asked == []
    actual = read(words, "a.data demo demo.conv", fills=False)
    assert actual == rest | {"cfg": cfg, "weights": weights_path("demo")}
    actual = read(words, "a.data b.cfg demo.conv", fills=False)
    assert actual == rest | {"cfg": "b.cfg", "weights": weights_path("demo")}


def test_what_is_refused(site: Site) -> None:
    assert read(DEMO, "a.data demo v.mp4 more") == "Got unexpected extra argument (more)"
    assert "Missing argument 'WEIGHTS'" in run("serve", "a.cfg").stderr
    told = "demoo: no such file, and no network of that name; did you mean 'demo'?"
    assert read(DETECT, "demoo dog.jpg") == told
    assert str(read(DETECT, "demo.conv dog.jpg")).startswith("demo.conv: is a backbone")
    assert site.asked == []


def test_a_file_of_that_name_is_meant(site: Site) -> None:
    Path("demo").write_text("[net]")
    actual = read(DETECT, "demo dog.weights")
    assert actual == {"cfg": "demo", "weights": "dog.weights", "images": (), "names": None}


def run(*words: str) -> Result:
    return CliRunner().invoke(main, words)


def test_detect_by_name(site: Site) -> None:
    root = Path(__file__).resolve().parents[2]
    image = str(root / "data" / "shapes-2.jpg")
    files = [str(root / path) for path in ("cfg/shapes.cfg", "data/shapes.weights")]
    by_path = run("detect", *files, image, "--no-pictures", "-thresh", ".6")
    by_name = run("detect", "demo", image, "--no-pictures", "-thresh", ".6")
    assert by_name.exit_code == 0, by_name.output
    boxes = [line for line in by_name.stdout.splitlines() if line.endswith("%")]
    assert len(boxes) > 1 and {line.split(":")[0] for line in boxes} >= {"cross", "hexagon"}
    assert boxes == [line for line in by_path.stdout.splitlines() if line.endswith("%")]


def test_other_commands_by_name(site: Site) -> None:
    result = run("summary", "demo", "--json")
    assert result.exit_code == 0 and site.asked == [] and "shapes.cfg" in result.stdout
    result = run("export", "demo", "-o", "demo.pt", "--format", "torchscript")
    assert result.exit_code == 0 and Path("demo.pt").is_file(), result.output
