"""Batches of moves: planes, symmetries, targets."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from support.small_go import go_cfg, plain_row, point

from darknet_py.data.go_moves import GoMoves, read_moves
from darknet_py.data.go_samples import GoSet, GoShape, go_shape, turned, turned_back
from darknet_py.errors import DarknetError
from darknet_py.network.graph import read_graph

PLAIN = GoShape(1, 361)


def moves_of(folder: Path, *rows: bytes, names_players: bool = False) -> GoMoves:
    path = folder / "moves"
    path.write_bytes(b"".join(rows))
    return read_moves(path, names_players=names_players)


def test_symmetries_are_eight_and_have_reverses() -> None:
    board = np.arange(361).reshape(19, 19)
    seen = {turned(board, symmetry).tobytes() for symmetry in range(8)}
    assert len(seen) == 8
    for symmetry in range(8):
        assert np.array_equal(turned_back(turned(board, symmetry), symmetry), board)
    # As Darknet turns: what is drawn at row x, column y comes from row y, column n-1-x.
    assert turned(board, 1)[2, 5] == board[5, 18 - 2]


def test_every_sample_is_a_move_by_a_symmetry(tmp_path: Path) -> None:
    """A stone beside the move stays beside it, and all eight symmetries come up."""
    moves = moves_of(tmp_path, plain_row("D3", own="C3", other="D2 D3"))
    x, answers = GoSet.of(moves, PLAIN, 64, seed=1).batch(1)
    assert x.shape == (64, 1, 19, 19) and answers.shape == (64, 361)
    assert x.dtype == answers.dtype == np.float32
    assert (answers.sum(axis=1) == 1).all() and (answers.max(axis=1) == 1).all()
    seen = set()
    for board, answer in zip(x[:, 0], answers, strict=True):
        own, other, move = (
            np.argwhere(part)[0] for part in (board == 1, board == -1, answer.reshape(19, 19))
        )
        assert np.abs(own - move).sum() == 1 and np.abs(other - move).sum() == 1
        assert np.count_nonzero(board) == 2  # nothing stands where the move goes
        seen.add((*move.tolist(), *own.tolist()))
    assert len(seen) == 8


def test_three_planes_and_who_wins(tmp_path: Path) -> None:
    rows = [
        plain_row("D3", own="C3", other="D2", said=b"10"),
        plain_row("PASS", own="Q16", said=b"00"),
    ]
    source = GoSet.of(moves_of(tmp_path, *rows, names_players=True), GoShape(3, 363), 40, seed=2)
    x, answers = source.batch(1)
    assert x.shape == (40, 3, 19, 19) and answers.shape == (40, 363)
    passes = answers[:, 361] == 1
    assert 5 < passes.sum() < 35
    assert (x[passes][:, 0].sum(axis=(1, 2)) == 1).all() and not x[passes][:, 1:].any()
    assert (x[~passes][:, 2] == 1).all() and (x[~passes][:, 1].sum(axis=(1, 2)) == 1).all()
    assert (answers[:, :362].sum(axis=1) == 1).all()
    assert np.array_equal(answers[:, 362] == 1, passes)


def test_batches_are_a_function_of_their_number_and_shared_out(tmp_path: Path) -> None:
    rows = [plain_row(f"{letter}{number}") for letter in "ABCDEFGH" for number in range(1, 19)]
    moves = moves_of(tmp_path, *rows)
    source, whole = GoSet.of(moves, PLAIN, 8, 3), GoSet.of(moves, PLAIN, 16, 3)
    assert np.array_equal(source.batch(5)[1], source.batch(5)[1])
    assert not np.array_equal(source.batch(5)[1], source.batch(6)[1])
    parts = np.concatenate([source.batch(5, rank, 2)[1] for rank in (0, 1)])
    assert np.array_equal(parts, whole.batch(5)[1])


@pytest.mark.parametrize("shape", [GoShape(3, 361), GoShape(1, 363)])
def test_what_the_rows_do_not_say_is_asked_for(tmp_path: Path, shape: GoShape) -> None:
    with pytest.raises(DarknetError, match="do not say who moves .* --fork pjreddie reads rows"):
        GoSet.of(moves_of(tmp_path, plain_row("D4")), shape, 1, 0)


@pytest.mark.parametrize(("outputs", "moves"), [(361, 361), (362, 362), (363, 362)])
def test_shapes(tmp_path: Path, outputs: int, moves: int) -> None:
    shape = go_shape(read_graph(go_cfg(tmp_path, channels=3, outputs=outputs)))
    assert (shape.channels, shape.outputs, shape.moves) == (3, outputs, moves)
    assert shape.says_who_wins == (outputs == 363)
    assert point("T1") < shape.moves
