"""Files of moves: read, checked, packed."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from support.small_go import plain_row, point

from darknet_py.data import go_moves
from darknet_py.data.go_moves import PASS, packed, read_moves, unpacked
from darknet_py.errors import DataError


def written(folder: Path, *rows: bytes) -> Path:
    path = folder / "go.train"
    path.write_bytes(b"".join(rows))
    return path


def test_rows_are_moves_with_positions(tmp_path: Path) -> None:
    path = written(tmp_path, plain_row("D4", "A19 Q16", "T1"), plain_row("T1"))
    moves = read_moves(path, names_players=False)
    assert moves.warning == ""
    own, other, black, wins, points = moves.positions(np.array([0, 1]))
    assert points.tolist() == [point("D4"), point("T1")]
    assert np.flatnonzero(own[0]).tolist() == sorted([point("A19"), point("Q16")])
    assert np.flatnonzero(other[0]).tolist() == [point("T1")]
    assert not own[1].any() and not other[1].any()
    assert black is None and wins is None


def test_rows_that_name_players(tmp_path: Path) -> None:
    rows = [plain_row(move, said=said) for move, said in (("D4", b"10"), ("PASS", b"00"))]
    moves = read_moves(written(tmp_path, *rows), names_players=True)
    _, _, black, wins, points = moves.positions(np.array([0, 1]))
    assert black is not None and black.tolist() == [True, False]
    assert wins is not None and wins.tolist() == [False, True]
    assert points.tolist() == [point("D4"), PASS]


def test_a_point_of_both_is_who_moves() -> None:
    row = np.frombuffer(plain_row("D4", "A19", "A19"), np.uint8)[None, 2:-1]
    own, other = unpacked(row)
    assert own[0, 0, 0] == 1 and not other.any()


def test_packed_is_the_reverse() -> None:
    kinds = np.random.default_rng(0).integers(3, size=(5, 19, 19))
    own, other = ((kinds == one).astype(np.uint8) for one in (1, 2))
    again = unpacked(packed(own, other))
    assert np.array_equal(again[0], own) and np.array_equal(again[1], other)
    assert packed(own, other).shape == (5, 91)


def test_rows_without_a_move_are_left_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(go_moves, "LOOKED_AT", 2)
    good, bad = plain_row("D4"), b"\xff\x00" + plain_row("D4")[2:]
    path = written(tmp_path, good, good, bad, good, bad, b"abc")
    moves = read_moves(path, names_players=False)
    assert moves.usable.tolist() == [0, 1, 3]
    expected = "left out: 2 of 5 rows hold no move, the first: 3; 3 bytes behind the last row"
    assert moves.warning == f"{path}: {expected}"
    assert moves.positions(np.array([2])).moves.tolist() == [point("D4")]


def test_passes_are_left_out_for_networks_that_know_none(tmp_path: Path) -> None:
    path = written(tmp_path, plain_row("PASS", said=b"11"), plain_row("D4", said=b"11"))
    assert read_moves(path, names_players=True, passes=False).usable.tolist() == [1]
    assert read_moves(path, names_players=True).usable.tolist() == [0, 1]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "has 0 bytes, expected rows of 94$"),
        (b"x" * 93, "has 93 bytes, expected rows of 94$"),
        (b"x" * 94, "none of 1 rows of 94 bytes holds a move"),
        (
            plain_row("D4", said=b"11") * 2,
            "has 192 bytes, expected rows of 94; of 96 bytes a row, the",
        ),
    ],
)
def test_files_without_moves_are_refused(tmp_path: Path, content: bytes, message: str) -> None:
    with pytest.raises(DataError, match=message):
        read_moves(written(tmp_path, content), names_players=False)


def test_what_is_no_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no such file; name the moves with -file"):
        read_moves(tmp_path / "none", names_players=False)
    with pytest.raises(DataError, match="is no file"):
        read_moves(tmp_path, names_players=False)
    with pytest.raises(DataError, match="is no file"):
        read_moves("/dev/zero", names_players=False)
