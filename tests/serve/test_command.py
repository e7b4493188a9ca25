"""`serve` before it serves: which networks there are, and what is refused."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from support.small_registry import registered

from darknet_py.cli.main import main
from darknet_py.errors import DarknetError
from darknet_py.options.serving import ServeOptions
from darknet_py.serve.command import load_models, parsed, without_stream
from darknet_py.weights_registry.named_network import network_paths

ROOT = Path(__file__).resolve().parents[2]
CFG, WEIGHTS = str(ROOT / "cfg" / "shapes.cfg"), str(ROOT / "data" / "shapes.weights")


def run(*words: object) -> Result:
    return CliRunner().invoke(main, ["serve", *(str(word) for word in words)])


def test_networks_by_name(tmp_path: Path) -> None:
    names = tmp_path / "letters.txt"
    names.write_text("\n".join("abcdefgh"))
    more = (f"same={CFG},{WEIGHTS}", f"letters={CFG},{WEIGHTS},{names}")
    models = load_models(ServeOptions(cfg=CFG, weights=WEIGHTS, more=more, width=128))
    assert list(models) == ["shapes", "same", "letters"]
    assert models["shapes"].names[:2] == models["same"].names[:2] == ["circle", "square"]
    assert models["letters"].names == list("abcdefgh")
    assert [model.graph.net.width for model in models.values()] == [128] * 3
    named = load_models(ServeOptions(cfg=CFG, weights=WEIGHTS, name="yard"))
    assert list(named) == ["yard"]


def test_the_words_of_a_network() -> None:
    assert parsed("a=b.cfg,c.weights") == ("a", ("b.cfg", "c.weights", None))
    assert parsed("a=b.cfg,c.weights,d=e.names") == ("a", ("b.cfg", "c.weights", "d=e.names"))


@pytest.mark.parametrize("words", ["b.cfg,c.weights", "=b,c", "a=b", "a=b,", "a=b,c,d,e", "a="])
def test_words_that_are_none(words: str) -> None:
    with pytest.raises(DarknetError, match="give NAME=CFG,WEIGHTS or NAME=CFG,WEIGHTS,NAMES, or"):
        parsed(words)


def test_two_of_one_name() -> None:
    options = ServeOptions(cfg=CFG, weights=WEIGHTS, more=(f"shapes={CFG},{WEIGHTS}",))
    with pytest.raises(DarknetError, match="there is a network 'shapes' already"):
        load_models(options)


def test_what_only_a_stream_has() -> None:
    asked = ServeOptions(cfg=CFG, weights=WEIGHTS, track=True, rotate="180", fps=5.0)
    assert without_stream(asked) == ["--rotate", "--fps", "--track"]
    assert without_stream(ServeOptions(cfg=CFG, weights=WEIGHTS)) == []
    assert without_stream(ServeOptions(cfg=CFG, weights=WEIGHTS, stream="0", track=True)) == []


REFUSED = {
    "no weights": ((CFG, "none.weights"), "none.weights: no such file"),
    "no stream": ((CFG, WEIGHTS, "--stream", "none.mp4"), "none.mp4: no such file"),
    "no engine": ((CFG, WEIGHTS, "--engine", "none"), "none"),
    "no address": ((CFG, WEIGHTS, "--host", "192.0.2.1"), "--port 5000: cannot be served on 192"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_refused_at_the_start(case: str, monkeypatch: pytest.MonkeyPatch) -> None:
    words, message = REFUSED[case]
    monkeypatch.setattr("darknet_py.serve.http_server.serve", None)
    result = run(*words)
    assert result.exit_code == 1
    assert message in result.stderr and result.stderr.count("\n") == 1


def test_a_port_that_is_taken() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        result = run(CFG, WEIGHTS, "--port", listener.getsockname()[1])
    assert result.exit_code == 1
    assert "stop the program that has it" in result.stderr and result.stderr.count("\n") == 1


def test_published_networks_by_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DARKNET_PY_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    with registered("demo", tmp_path, monkeypatch):
        paths = network_paths("demo")
        files = (paths.cfg, paths.weights, paths.names)
        assert parsed("demo") == ("demo", files)
        assert parsed("yard=demo") == ("yard", files)
    with pytest.raises(DarknetError, match="or a published network's name"):
        parsed("demo")
