"""The words of the weight tools on the command line: lines, files, refusals."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from support.raw_weights import conv, header, net, written

from darknet_py.cli.main import main

BN = "batch_normalize=1\n"
TEXT = net(conv(4, f"{BN}size=3\n", "leaky"), conv(2), f"[connected]\n{BN}output=5\n", "[softmax]")


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    written(tmp_path, TEXT, 1)
    written(tmp_path, TEXT, 2)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(words: str) -> Result:
    return CliRunner().invoke(main, words.split())


@pytest.mark.parametrize(
    ("words", "stdout", "stderr"),
    [
        (
            "reset n.cfg 1.weights out",
            "out: batch normalisation of layers 0 and 2 moved into the weights\n",
            "",
        ),
        (
            "denormalize n.cfg 1.weights out",
            "out: for the cfg with batch_normalize=0 in layers 0 and 2\n",
            "",
        ),
        (
            "normalize n.cfg 1.weights out",
            "out: for the cfg with batch_normalize=1 in layer 1\n",
            "warning: out: its new statistics are those before a training (variance 0): train it, "
            "then run it\n",
        ),
        (
            "rgbgr n.cfg 1.weights out",
            "out: red and blue swapped in the 4 filters of layer 0\n",
            "",
        ),
        (
            "rescale n.cfg 1.weights out",
            "out: values of 0 to 1 read as -1 to 1 in the 4 filters of layer 0\n",
            "warning: out: the layer has batch normalisation, behind which biases are added: "
            "outputs are the same only without it, so use `denormalize` first\n",
        ),
        ("average n.cfg out 1.weights", "out: as 1.weights\n", ""),
        (
            "average n.cfg out 1.weights 2.weights",
            "out: mean of 2 files\n",
            "warning: out: only [convolutional], and weights and biases of [connected], are "
            "averaged, as in Darknet; the rest of layer 2 is of 1.weights\n",
        ),
        (
            "oneoff2 n.cfg 1.weights out 0",
            "out: 1.weights from layer 0 on and again in layers 0 to 2\n",
            "",
        ),
    ],
)
def test_what_a_tool_says(here: Path, words: str, stdout: str, stderr: str) -> None:
    result = run(words)
    assert (result.exit_code, result.stdout, result.stderr) == (0, stdout, stderr)
    assert header(here / "out")[:3] == (0, 2, 5)
    assert {path.name for path in here.iterdir()} == {"n.cfg", "1.weights", "2.weights", "out"}


def test_the_fork_is_heeded(here: Path) -> None:
    assert run("rgbgr n.cfg 1.weights out --fork pjreddie").exit_code == 0
    assert header(here / "out") == (0, 2, 0, 31)


def test_flags_of_darknet_are_taken(here: Path) -> None:
    result = run("rgbgr n.cfg 1.weights out -i 0 -nogpu")
    assert result.exit_code == 0
    assert result.stderr.splitlines() == [
        "darknet-py: -i: no effect: no network runs",
        "darknet-py: -nogpu: no effect: no network runs",
    ]


def test_nothing_changed(here: Path) -> None:
    (here / "n.cfg").write_text(net(conv(2), channels=1))
    written(here, (here / "n.cfg").read_text(), 1)
    result = run("rgbgr n.cfg 1.weights out")
    assert (result.exit_code, result.stdout) == (0, "out: as 1.weights: nothing was changed\n")
    note = "warning: out: filters of layer 0, the first convolution, are of depth 1, not 3\n"
    assert result.stderr == note


def test_oneoff_prints_its_number(here: Path) -> None:
    head = "[region]\nanchors=1,1,2,2,3,3\nclasses=3\ncoords=4\nnum=3\n"
    written(here, net(conv(2), conv(3)), 1)
    (here / "n.cfg").write_text(net(conv(2), conv(24), head))
    result = run("oneoff n.cfg 1.weights out")
    done = "out: 3 classes of 1.weights at each of the 3 anchors of layer 1\n"
    assert (result.exit_code, result.stdout, result.stderr) == (0, f"24\n{done}", "")


def test_statistics(here: Path) -> None:
    lines = run("statistics n.cfg 1.weights").stdout.split("\n")
    assert lines[2] == "Connected Layer 2" and lines[3].startswith("Scales MSE: ")
    assert lines[:2] == ["", ""] and lines[6:] == ["", "", ""]


def test_no_statistics(here: Path) -> None:
    written(here, net(conv(2, BN), conv(2)), 1)
    result = run("statistics n.cfg 1.weights")
    assert result.stdout == "\n\n"
    message = "warning: n.cfg: has no layer of matrices with batch_normalize=1\n"
    assert (result.exit_code, result.stderr) == (0, message)


def test_print() -> None:
    result = run("print n.cfg 1.weights 1")
    rows = result.stdout.splitlines()
    assert (result.exit_code, len(rows)) == (0, 2)
    assert all(len(row.split()) == 4 and row.endswith(" ") for row in rows)


def test_a_file_that_ends_early_is_used_with_a_warning(here: Path) -> None:
    assert run("partial n.cfg 1.weights part 1").exit_code == 0
    results = []
    for _ in range(2):
        result = run("rgbgr n.cfg part out")
        told = "warning: part: ends before the network does; layers 1 to 2 start at random\n"
        assert (result.exit_code, result.stderr) == (0, told)
        results.append((here / "out").read_bytes())
    assert results[0] == results[1]


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        ("average n.cfg out", 2, "Missing argument 'WEIGHTS...'"),
        ("average n.cfg out 1.weights none", 1, "none: no such file"),
        ("average n.cfg 2.weights 1.weights", 1, "the order is CFG OUT WEIGHTS WEIGHTS..."),
        ("reset n.cfg 1.weights", 2, "Missing argument 'OUT'"),
        ("reset none 1.weights out", 1, "none: no such file"),
        ("reset n.cfg none out", 1, "none: no such file"),
        ("reset n.cfg n.cfg out", 1, "n.cfg: is a cfg; are cfg and weights swapped?"),
        ("rgbgr n.cfg 1.weights no/out", 1, "the folder no does not exist"),
        ("oneoff n.cfg 1.weights out", 1, "the last layer but one is no [convolutional]"),
        ("oneoff2 n.cfg 1.weights out 4", 1, "L is 4, expected 0 to 3"),
        ("oneoff2 n.cfg 1.weights out x", 2, "Invalid value for 'L'"),
        ("print n.cfg 1.weights 3", 1, "layer 3 [softmax] has no weights"),
        ("statistics n.cfg", 2, "Missing argument 'WEIGHTS'"),
    ],
)
def test_refusals_are_one_line(here: Path, words: str, code: int, message: str) -> None:
    kept = (here / "2.weights").read_bytes()
    result = run(words)
    assert (result.exit_code, result.stdout) == (code, "")
    assert message in result.stderr and result.stderr.count("\n") == 1
    assert (here / "2.weights").read_bytes() == kept and not (here / "out").exists()
