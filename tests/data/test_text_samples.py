"""Texts as streams: what follows what, from batch to batch, and jumps that are the seed's."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from darknet_py.data.text_samples import BLOCK, TextSet, check_codes, read_codes
from darknet_py.errors import DarknetError, DataError
from darknet_py.network.graph import Graph, read_graph

NEVER = 10**9


def text(**changes: int) -> TextSet:
    plain = {"inputs": 50, "streams": 3, "steps": 4, "passes": 1, "jump": NEVER, "seed": 0}
    return TextSet(codes=np.arange(50), **(plain | changes))


def positions(part: np.ndarray, streams: int) -> np.ndarray:
    """(steps, streams) of rows that are one-hot: every symbol of the text is its own position."""
    assert part.dtype == np.float32
    assert (part.sum(axis=1) == 1).all()
    return part.argmax(axis=1).reshape(-1, streams)


def test_the_answer_is_the_symbol_that_follows() -> None:
    x, y = text().batch(1)
    assert x.shape == y.shape == (12, 50)
    assert ((x.argmax(axis=1) + 1) % 50 == y.argmax(axis=1)).all()


def test_rows_are_time_major_and_streams_read_on() -> None:
    source = text()
    rows = np.vstack([positions(source.batch(n)[0], 3) for n in (1, 2, 3)])
    assert rows.shape == (12, 3)
    # Each stream goes on where it stopped, and from the end of the text to its start.
    assert (rows == (rows[0] + np.arange(12)[:, None]) % 50).all()
    assert len(set(rows[0])) == 3


def test_the_passes_of_an_update_follow_each_other() -> None:
    whole = np.vstack([positions(text().batch(n)[0], 3) for n in (1, 2, 3, 4)])
    double = text(passes=2)
    rows = np.vstack([positions(double.batch(n)[0], 3) for n in (1, 2)])
    assert (rows == whole).all()


def walked(source: TextSet, passes: int) -> list[np.ndarray]:
    """Where the streams start in each pass, stepping from pass to pass as the C loop does."""
    starts = np.zeros(source.streams, int)
    rows = []
    for number in range(passes):
        jumped, jump_positions = source._jumps(number // BLOCK, source.streams)
        row = number % BLOCK
        starts = np.where(jumped[row], jump_positions[row], starts)
        rows.append(starts)
        starts = (starts + source.steps) % len(source.codes)
    return rows


@pytest.mark.parametrize("jump", [10, 64, 2000])
def test_any_batch_is_known_without_those_before(jump: int) -> None:
    source = text(jump=jump, streams=7)
    expected = walked(source, 3 * BLOCK + 20)
    for number in (0, 1, 5, 100, BLOCK - 1, BLOCK, BLOCK + 3, 2 * BLOCK + 200, 3 * BLOCK + 19):
        rows = positions(source.batch(number + 1)[0], 7)[0]
        assert (rows == expected[number]).all(), number


def test_a_stream_jumps_about_so_often() -> None:
    source = TextSet(np.arange(100_000), 100_000, 200, 1, 1, 10, 0)
    starts = np.array([source._starts(n, 200) for n in range(40)])
    jumps = (np.diff(starts, axis=0) % 100_000 != 1).mean()
    assert 0.08 < jumps < 0.12


def test_seeds_differ_and_repeat() -> None:
    first, second, again = (text(seed=seed).batch(9)[0] for seed in (1, 2, 1))
    assert (first == again).all()
    assert (first != second).any()


def test_processes_share_the_streams_of_one() -> None:
    whole = positions(text(streams=6).batch(5)[0], 6)
    parts = [positions(text(streams=3).batch(5, rank, 2)[0], 3) for rank in (0, 1)]
    assert (np.hstack(parts) == whole).all()


CFG = """[net]
inputs={inputs}
batch=8
subdivisions=2
time_steps=5
[rnn]
output=6
hidden=6
[connected]
output={output}
[softmax]
"""


def graph(folder: Path, inputs: int = 256, output: int = 256, fork: str = "alexeyab") -> Graph:
    path = folder / "r.cfg"
    path.write_text(CFG.format(inputs=inputs, output=output))
    return read_graph(path, fork=fork)


def test_the_cfg_says_how_a_text_is_read(tmp_path: Path) -> None:
    source = TextSet.of(graph(tmp_path), np.arange(20), seed=4)
    assert (source.inputs, source.streams, source.steps, source.passes) == (256, 4, 5, 2)
    assert source.jump == 10
    assert source.batch(1)[0].shape == (2 * 4 * 5, 256)
    assert TextSet.of(graph(tmp_path, fork="pjreddie"), np.arange(20), seed=4).jump == 64


def test_a_network_that_answers_other_symbols_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DarknetError, match="reads 256 values and gives 10"):
        TextSet.of(graph(tmp_path, output=10), np.arange(20), seed=0)


def test_symbols_the_network_does_not_know_are_refused(tmp_path: Path) -> None:
    codes = np.array([1, 2, 128, 3])
    message = "t.txt: symbol 128 at index 2, the network knows 0 to 99"
    with pytest.raises(DataError, match=message):
        TextSet.of(graph(tmp_path, 100, 100), codes, 0, "t.txt")
    with pytest.raises(DataError, match="symbol -1"):
        check_codes(np.array([-1]), 10, "t.txt")


def test_bytes_and_numbers_are_read(tmp_path: Path) -> None:
    path = tmp_path / "t.txt"
    path.write_bytes("1 é\n".encode())
    assert read_codes(path).tolist() == [49, 32, 0xC3, 0xA9, 10]
    path.write_bytes(b"12 7\n\n  3\t-1")
    assert read_codes(path, tokenized=True).tolist() == [12, 7, 3, -1]


@pytest.mark.parametrize(
    ("data", "tokenized", "message"),
    [
        (b"", False, "t.txt: is empty"),
        (b"  \n", True, "t.txt: is empty"),
        (b"3 4 five", True, "word 3 is 'five', expected the number of a token"),
        (b"3 99999999999999999999999", True, "word 2 is '99999999999999999999'"),
    ],
)
def test_texts_that_cannot_be_used(
    tmp_path: Path, data: bytes, tokenized: bool, message: str
) -> None:
    path = tmp_path / "t.txt"
    path.write_bytes(data)
    with pytest.raises(DataError, match=message):
        read_codes(path, tokenized)


def test_a_missing_text_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="nowhere.txt: no such file"):
        read_codes(tmp_path / "nowhere.txt")
    with pytest.raises(DataError, match="cannot be read: Is a directory"):
        read_codes(tmp_path)
