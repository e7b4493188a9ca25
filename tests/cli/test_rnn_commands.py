"""rnn generate and rnn valid from the command line."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from darknet_py import Network
from darknet_py.cli.main import main

CFG = """[net]
inputs=128
time_steps=8
batch=2
[gru]
output=6
[connected]
output={output}
activation=linear
[softmax]
"""


def run(*words: object, stdin: str | bytes = "") -> Result:
    return CliRunner().invoke(main, ["rnn", *map(str, words), "--nogpu"], input=stdin)


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    return made(tmp_path, 128)


def made(folder: Path, output: int) -> tuple[Path, Path]:
    cfg, weights = folder / "r.cfg", folder / "r.weights"
    cfg.write_text(CFG.format(output=output))
    Network.from_cfg(cfg, seed=0).save_weights(weights)
    return cfg, weights


def test_generate_writes_the_seed_and_len_symbols(files: tuple[Path, Path]) -> None:
    result = run("generate", *files, "-len", 20, "-seed", "abc", "-srand", 1, "-temp", ".9")
    assert result.exit_code == 0
    assert result.stdout_bytes.startswith(b"abc")
    assert len(result.stdout_bytes) == 3 + 20 + 1
    assert result.stdout_bytes.endswith(b"\n")
    assert result.stderr == f"{files[0]}: 128 symbols, -temp 0.9, -srand 1\n"


def test_the_same_srand_is_the_same_text(files: tuple[Path, Path]) -> None:
    first, again, other = (
        run("generate", *files, "-len", 40, "-srand", seed).stdout_bytes for seed in (1, 1, 2)
    )
    assert first == again != other


def test_without_srand_the_number_to_repeat_it_is_said(files: tuple[Path, Path]) -> None:
    first = run("generate", *files, "-len", 30)
    srand = first.stderr.rpartition(" ")[2].strip()
    assert run("generate", *files, "-len", 30, "-srand", srand).stdout == first.stdout


def test_valid_prints_a_line_a_symbol_and_bits_as_pjreddie(files: tuple[Path, Path]) -> None:
    lines = run("valid", *files, stdin="a b c").stdout.splitlines()
    assert len(lines) == 4
    assert lines[0].startswith("1 Perplexity: ")
    words = run("valid", *files, "--fork", "pjreddie", stdin="a b c").stdout.splitlines()[3].split()
    bits, perplexity, word = (float(words[place]) for place in (2, 4, 7))
    assert words[:2] == ["4", "BPC:"]
    assert 2**bits == pytest.approx(perplexity, rel=1e-3)
    assert 2 ** (4 * bits / 3) == pytest.approx(word, rel=1e-3)  # 4 symbols, 3 words


def test_valid_reads_a_file_as_well(files: tuple[Path, Path], tmp_path: Path) -> None:
    text = tmp_path / "t.txt"
    text.write_bytes(b"some text")
    from_file = run("valid", *files, "-file", text)
    assert from_file.stdout == run("valid", *files, stdin="some text").stdout
    assert from_file.stdout.count("\n") == 8


def test_validtactic_prints_its_steps_alone(files: tuple[Path, Path]) -> None:
    lines = run("validtactic", *files, stdin="a >>bc.\nd").stdout.splitlines()
    assert [line.split(" Perplexity")[0] for line in lines] == ["1 2", "2 2", "3 2"]
    assert "    Word Perplexity: " in lines[0]
    assert run("validtactic", *files, stdin="no step").stdout == ""


def test_generatetactic_goes_on_with_stdin(files: tuple[Path, Path]) -> None:
    words = ("generatetactic", *files, "-len", 20, "-srand", 1)
    result = run(*words, "-seed", "zzz", stdin="a text")
    assert result.exit_code == 0
    assert len(result.stdout_bytes) == 21 and result.stdout_bytes.endswith(b"\n")
    assert "-seed: no effect: this command does not read it" in result.stderr
    assert result.stdout == run(*words, stdin="a text").stdout


def test_vec_prints_each_line_with_its_values(files: tuple[Path, Path]) -> None:
    result = run("vec", *files, stdin=b"to be\n\nto be\nbad \xff\nend")
    rows = [line.split(",") for line in result.stdout.splitlines()]
    assert [row[0] for row in rows] == ["tobe", "", "tobe", "end"]
    assert {len(row) for row in rows} == {1 + 6}
    assert rows[0] == rows[2] != rows[3]
    assert all(f"{float(value):g}" == value for row in rows for value in row[1:])
    expected = "warning: stdin:4: symbol 255 at index 3, the network knows 0 to 127"
    assert expected in result.stderr and "(1 so far)" in result.stderr
    assert result.exit_code == 0
    assert run("vec", *files, "-seed", "x", stdin="end").stdout.split(",")[0] == "end"
    assert run("vec", *files, "-seed", "x", stdin="end").stdout != result.stdout.splitlines()[3]


@pytest.mark.parametrize(
    ("words", "stdin", "message"),
    [
        (["valid"], b"", "stdin: 0 symbols, expected a text of 2 or more"),
        (["valid"], b"ab\xff", "stdin: symbol 255 at index 2, the network knows 0 to 127"),
        (["valid", "-file", "none.txt"], b"", "none.txt: no such file"),
        (["validtactic"], b"x", "stdin: 1 symbols, expected a text of 2 or more"),
        (["generatetactic"], b"", "stdin: 0 symbols, expected a text of 1 or more"),
        (["generatetactic"], b"\xff", "stdin: symbol 255 at index 0"),
        (["vec", "-seed", "é"], b"a", "-seed: symbol 195 at index 0"),
        (["generate", "-temp", "0"], b"", "temperature 0, expected 0.001 or more"),
        (["generate", "-seed", "é"], b"", "-seed: symbol 195 at index 0"),
        (["generate", "-tokens", "none.txt"], b"", "none.txt: no such file"),
    ],
)
def test_wrong_input_is_one_line(
    files: tuple[Path, Path], words: list[str], stdin: bytes, message: str
) -> None:
    result = run(words[0], *files, *words[1:], stdin=stdin)
    assert result.exit_code == 1
    assert message in result.stderr
    assert result.stdout == ""


def test_a_network_for_something_else_is_refused(tmp_path: Path) -> None:
    result = run("generate", *made(tmp_path, 10))
    assert result.exit_code == 1
    assert "reads 128 values and gives 10" in result.stderr
