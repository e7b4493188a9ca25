"""The `go` words from the command line."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from support.small_go import constant, go_cfg, plain_row

from darknet_py import Network
from darknet_py.cli.main import main


def run(*words: object, stdin: str | bytes = "") -> Result:
    return CliRunner().invoke(main, ["go", *map(str, words), "--nogpu"], input=stdin)


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    """A network that thinks of D4, and sometimes of Q16."""
    policy = constant(tmp_path, D4=0.75, Q16=0.25)
    cfg, weights = tmp_path / "constant.cfg", tmp_path / "go.weights"
    network = Network.from_cfg(cfg)
    for name, tensor in policy.network.own(0).items():
        network.own(0)[name].data.copy_(tensor)
    network.save_weights(weights)
    return cfg, weights


def test_train_and_valid_by_position_and_by_option(
    files: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    go_cfg(tmp_path, max_batches=1)
    (tmp_path / "moves").write_bytes(plain_row("D4"))
    for words in (["small.cfg", "", "moves"], ["small.cfg", "-file", "moves"]):
        result = run("train", *words, "-clear")
        assert result.exit_code == 0, result.output
        assert Network.from_cfg("small.cfg").load_weights("backup/small.weights").seen == 8


def test_valid_prints_the_running_accuracy(files: tuple[Path, Path], tmp_path: Path) -> None:
    moves = tmp_path / "moves"
    taken = plain_row("D4", other="D4")  # where a stone stands nothing is foreseen
    moves.write_bytes(plain_row("D4") + plain_row("Q4") + taken + plain_row("D4"))
    result = run("valid", *files, moves)
    assert result.stdout.splitlines() == [
        "constant",
        "Learning Rate: 0.001, Momentum: 0.9, Decay: 0.0001",
        "4",
        "0 Accuracy 1.000000",
        "1 Accuracy 0.500000",
        "2 Accuracy 0.333333",
        "3 Accuracy 0.500000",
    ]
    assert run("valid", *files, "-file", moves).stdout == result.stdout


def test_valid_goes_through_all_of_a_long_file(files: tuple[Path, Path], tmp_path: Path) -> None:
    moves = tmp_path / "moves"
    moves.write_bytes(plain_row("Q4") * 64 + plain_row("D4") * 66)
    lines = run("valid", *files, moves, "-multi").stdout.splitlines()
    assert lines[-1].startswith("129 Accuracy ") and len(lines) == 3 + 130
    moves.write_bytes(b"\xff" * 94 + plain_row("D4"))
    result = run("valid", *files, moves)
    assert "1 of 2 rows hold no move, the first: 1" in result.stderr
    assert result.stdout.splitlines()[2:] == ["1", "0 Accuracy 1.000000"]


def test_test_shows_a_board_and_reads_moves(files: tuple[Path, Path]) -> None:
    result = run("test", *files, stdin="\nD4\n2\n")
    lines = result.stdout.splitlines()
    assert lines[:2] == ["1: D 4, 75.00%", "2: Q 16, 25.00%"]
    assert lines[5].startswith("X Enter move: 1: Q 16, 25.00%")
    assert "O Enter move: O Enter move: " in result.stdout  # D4 was taken
    assert "D4: illegal move\n" in result.stderr
    assert result.stderr.startswith("\n\n   A B C")
    assert result.exit_code == 0 and result.stdout.endswith("Enter move: \n")


def test_pjreddies_test_shows_ten_moves_and_dots(files: tuple[Path, Path]) -> None:
    result = run("test", *files, "--fork", "pjreddie")
    assert result.stderr.startswith("   A B C")
    assert "\n17 . . ." in result.stderr
    assert result.stdout.splitlines()[9].startswith("10: ")


def test_engine_talks(files: tuple[Path, Path]) -> None:
    stdin = "1 name\nplay b D4\n2 genmove w\nnothing\nquit\nname\n"
    result = run("engine", *files, "-iters", 50, "-anon", stdin=stdin)
    assert result.stdout == "=1 The Fool!\n\n= \n\n=2 Q16\n\n? unknown command\n\n= \n\n"
    assert "-iters: no effect: a move is the network's own, nothing is searched" in result.stderr
    assert "move: 15 3\n" in result.stderr
    assert result.exit_code == 0


def test_engine_thinks_at_the_temperature_of_darknet(files: tuple[Path, Path]) -> None:
    stderr = run("engine", *files, stdin="genmove b\n").stderr
    sharp = 0.75 ** (1 / 0.7) / (0.75 ** (1 / 0.7) + 0.25 ** (1 / 0.7))
    shares = [float(line[3:]) for line in stderr.splitlines() if line[:3] in ("1: ", "2: ")]
    assert shares == pytest.approx([sharp, 1 - sharp], abs=1e-5)


@pytest.mark.parametrize("stdin", ["", "\n\n", b"\xff\xfe\x00", "name"])
def test_engine_ends_with_its_input(files: tuple[Path, Path], stdin: str | bytes) -> None:
    assert run("engine", *files, stdin=stdin).exit_code == 0


def test_the_same_seed_is_the_same_game(files: tuple[Path, Path]) -> None:
    def moves(seed: int) -> str:
        return run("engine", *files, "-seed", seed, stdin="genmove b\nclear_board\n" * 20).stdout

    assert moves(1) == moves(1) != moves(2)


def test_self_writes_rows_that_train_reads(files: tuple[Path, Path], tmp_path: Path) -> None:
    result = run("self", *files, "--games", 2)
    assert "= W+6.5  \tTotal: 1, Player 1: 0.000000, Player 2: 1.000000\n" in result.stderr
    assert len(result.stdout_bytes) == 2 * 94
    moves = tmp_path / "moves"
    moves.write_bytes(result.stdout_bytes)
    assert run("valid", *files, moves).stdout.splitlines()[2] == "2"
    both = run("self", *files, *files, "--games", 1, "--fork", "pjreddie").stdout_bytes
    assert len(both) == 2 * 96


def test_without_weights_the_moves_are_random(files: tuple[Path, Path]) -> None:
    result = run("engine", files[0], stdin="name\n")
    assert "no weights are given: the moves are random" in result.stderr
    assert result.stdout == "= DarkGo\n\n"


@pytest.mark.parametrize("word", ["valid", "test", "engine", "self"])
def test_other_networks_are_refused(tmp_path: Path, word: str) -> None:
    cfg = go_cfg(tmp_path, outputs=10)
    result = run(word, cfg)
    assert result.exit_code == 1 and result.stdout == ""
    assert "gives 10 values, expected 361 (points)" in result.stderr


def test_missing_files_are_one_line(files: tuple[Path, Path]) -> None:
    assert "none.weights: no such file" in run("engine", files[0], "none.weights").stderr
    result = run("valid", *files, "none")
    assert result.exit_code == 1 and "none: no such file; name the moves" in result.stderr
