"""Boards drawn in a few lines, networks for Go that answer the same always, files of moves."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch

from darknet_py import Network
from darknet_py.data.go_moves import POINTS, SIDE
from darknet_py.go.board import Board
from darknet_py.go.board_text import point_of
from darknet_py.go.policy import Policy

CPU = torch.device("cpu")
CFG = """[net]
width=19
height=19
channels={channels}
batch=8
subdivisions={subdivisions}
learning_rate=.5
momentum=.9
decay=0
policy=constant
max_batches={max_batches}
[convolutional]
filters=8
size=3
stride=1
pad=1
activation=leaky
[convolutional]
filters=1
size=1
activation=linear
{more}
[softmax]
[cost]
type=sse
"""
BITS = "[connected]\noutput={outputs}\nactivation=linear"
MARKS = {"X": 1, "O": -1, ".": 0}


def board(text: str) -> Board:
    """Lines of X, O and dots, from the corner at the top left on; the rest is free."""
    stones = np.zeros((SIDE, SIDE), int)
    for row, line in enumerate(text.split()):
        for column, mark in enumerate(line):
            stones[row, column] = MARKS[mark]
    return Board(tuple(stones.ravel().tolist()))


def corner(position: Board, rows: int, columns: int) -> str:
    """The reverse, of this part."""
    marks = {kind: mark for mark, kind in MARKS.items()}
    lines = np.array(position.stones).reshape(SIDE, SIDE)[:rows, :columns]
    return " ".join("".join(marks[int(stone)] for stone in line) for line in lines)


def point(name: str) -> int:
    found = point_of(name)
    assert found is not None
    return found


def go_cfg(
    folder: Path,
    channels: int = 1,
    outputs: int = POINTS,
    max_batches: int = 20,
    subdivisions: int = 1,
) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    more = "" if outputs == POINTS else BITS.format(outputs=outputs)
    text = CFG.format(
        channels=channels, more=more, max_batches=max_batches, subdivisions=subdivisions
    )
    path = folder / "small.cfg"
    path.write_text(text)
    return path


def constant(folder: Path, channels: int = 1, **shares: float) -> Policy:
    """A network whose moves have these shares, whatever the board: D4=.6, Q16=.4; also PASS.

    WINS is the last of 363 answers, the exponent of a share.
    """
    cfg = folder / "constant.cfg"
    outputs = POINTS + 2 if "WINS" in shares else POINTS + ("PASS" in shares)
    wins = shares.pop("WINS", 0.0)
    cfg.write_text(
        f"[net]\nwidth=19\nheight=19\nchannels={channels}\n"
        f"[connected]\noutput={outputs}\nactivation=linear\n"
        + ("" if outputs > POINTS + 1 else "[softmax]\n")
    )
    network = Network.from_cfg(cfg)
    values = torch.full((outputs,), 0.0 if outputs > POINTS + 1 else -1000.0)
    for name, share in shares.items():
        index = POINTS if name == "PASS" else point(name)
        values[index] = share if outputs > POINTS + 1 else float(np.log(share))
    if outputs > POINTS + 1:
        values[-1] = wins
    with torch.no_grad():
        network.own(0)["weights"].fill_(1e-30)
        network.own(0)["biases"].copy_(values)
    return Policy(network, CPU)


def plain_row(move: str, own: str = "", other: str = "", said: bytes = b"") -> bytes:
    """A row of a file of moves, bit by bit. own, other: the names of points with stones."""
    packed = bytearray(91)
    for bit, names in ((0, own), (1, other)):
        for name in names.split():
            where = point(name)
            packed[where // 4] |= 1 << (2 * (where % 4) + bit)
    place = bytes([19, 0]) if move == "PASS" else bytes(divmod(point(move), SIDE))
    return said + place + bytes(packed) + b"\n"
