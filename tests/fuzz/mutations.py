"""Small changes of bytes, texts, JSON, arrays and command lines, drawn from a generator."""

from __future__ import annotations

import io
import json
import random
import re
import struct
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from fuzz.cases import Case

NUMBERS = (
    *("0", "-1", "1", "2", "3", "-0.0", ".5", "1e-45", "1e9", "1e30", "1e308", "1e999", "-1e999"),
    *("nan", "inf", "-inf", "255", "256", "65535", "65536", "2147483647", "2147483648"),
    *("4294967296", "9223372036854775807", "9" * 40, "0x10", "1_000", "", "x", "1,2", "٣", "1/0"),
)
WORDS = ("", "-", "--", "\0", "/", ".", "..", "~", "~nosuchuser", "\udcff", "é", "a" * 300, "-h")
"""What stands in a command line in place of a word."""
LEAVES: tuple[Any, ...] = (
    *(None, True, -1, 0, 2**31, 2**63, 1e300, float("nan"), float("inf"), "", "x", "\0", "1"),
    *([], {}, [0], [None], {"x": 1}, [[]], [1, 2, 3, 4], [-1, -1, -1, -1]),
)
PATTERNS = (b"\0", b"\xff", struct.pack("<f", float("nan")), struct.pack("<f", float("inf")))
INTEGERS = (0, 1, -1, 0x7FFFFFFF, 0x7FFFFFF0, -0x80000000, 0x10000, 3)
NUMBER = re.compile(rb"-?\d+\.?\d*")

Rng = random.Random


def flip(data: bytes, rng: Rng) -> bytes:
    at = rng.randrange(len(data) or 1)
    return data[:at] + bytes([rng.randrange(256)]) + data[at + 1 :]


def cut(data: bytes, rng: Rng) -> bytes:
    return data[: rng.randrange(len(data) + 1)]


def remove(data: bytes, rng: Rng) -> bytes:
    at = rng.randrange(len(data) + 1)
    return data[:at] + data[at + rng.choice((1, 2, 4, 8, 64, 512)) :]


def repeat(data: bytes, rng: Rng) -> bytes:
    first, size = rng.randrange(len(data) + 1), rng.choice((1, 4, 64, 1024))
    return data[:first] + data[first : first + size] * rng.choice((2, 3, 50)) + data[first + size :]


def fill(data: bytes, rng: Rng) -> bytes:
    pattern, count = rng.choice(PATTERNS), rng.choice((1, 4, 16, 256))
    at = rng.randrange(len(data) + 1)
    return data[:at] + (pattern * count)[: len(data) - at] + data[at + len(pattern) * count :]


def integer(data: bytes, rng: Rng) -> bytes:
    at, order = rng.randrange(len(data) + 1), rng.choice("<>")
    return data[:at] + struct.pack(f"{order}i", rng.choice(INTEGERS)) + data[at + 4 :]


def number(data: bytes, rng: Rng) -> bytes:
    places = list(NUMBER.finditer(data))
    if not places:
        return flip(data, rng)
    place = rng.choice(places)
    return data[: place.start()] + rng.choice(NUMBERS).encode() + data[place.end() :]


def line(data: bytes, rng: Rng) -> bytes:
    """A line goes, comes twice, or moves."""
    lines = data.split(b"\n")
    taken = lines.pop(rng.randrange(len(lines)))
    for _ in range(rng.choice((0, 1, 2, 2, 9))):
        lines.insert(rng.randrange(len(lines) + 1), taken)
    return b"\n".join(lines)


def value(data: bytes, rng: Rng) -> bytes:
    """A key's value becomes a number or another key's."""
    lines = data.split(b"\n")
    keyed = [index for index, text in enumerate(lines) if b"=" in text]
    if not keyed:
        return line(data, rng)
    values = [lines[index].partition(b"=")[2] for index in keyed]
    values += [text.encode() for text in NUMBERS]
    at = rng.choice(keyed)
    lines[at] = lines[at].partition(b"=")[0] + b"=" + rng.choice(values)
    return b"\n".join(lines)


def tree(data: bytes, rng: Rng) -> bytes:
    """Something in a JSON document becomes something else, or goes."""
    try:
        whole = [json.loads(data)]
    except ValueError:
        return flip(data, rng)
    parents = list(_parents(whole))
    parent = rng.choice(parents)
    key = rng.choice(list(parent) if isinstance(parent, dict) else range(len(parent)))
    if rng.random() < 0.2 and parent is not whole:
        del parent[key]
    else:
        parent[key] = rng.choice(LEAVES)
    return json.dumps(whole[0]).encode()


def _parents(node: Any) -> Any:
    """Every dict and list of a document that has something in it."""
    if isinstance(node, (dict, list)) and node:
        yield node
        for child in node.values() if isinstance(node, dict) else node:
            yield from _parents(child)


def arrays(data: bytes, rng: Rng) -> bytes:
    """An array of an .npz file changes its type, shape or values, goes, or gets another name."""
    try:
        held = dict(np.load(io.BytesIO(data), allow_pickle=False))
        name = rng.choice(sorted(held))
        changed = rng.choice(ARRAYS)(held.pop(name), rng)
    except Exception:  # noqa: BLE001 - NumPy raises anything for what is damaged already
        return flip(data, rng)
    if rng.random() < 0.9:
        held[rng.choice((name, name, name, "x", f"{name}x"))] = changed
    file = io.BytesIO()
    np.savez(file, **held)
    return file.getvalue()


def _as_bytes(array: Any, rng: Rng) -> Any:
    flat = np.ascontiguousarray(array).copy().reshape(-1).view(np.uint8)
    kind = rng.choice((np.float32, np.int64, np.uint8, np.float64, np.bool_))
    return np.resize(flat, -(-len(flat) // 8) * 8).view(kind) if len(flat) else flat


ARRAYS: tuple[Callable[[Any, Rng], Any], ...] = (
    _as_bytes,
    lambda array, rng: np.full_like(array, -1) if array.dtype.kind in "if" else array.astype("S"),
    lambda array, rng: array * np.float64("nan") if array.dtype.kind in "if" else array[:0],
    lambda array, rng: array.reshape(-1)[: rng.randrange(9)],
    lambda array, rng: array[None],
    lambda array, rng: array.astype(rng.choice(("f4", "f8", "i8", "U", "c8", "f2"))),
    lambda array, rng: np.array(rng.choice(("x", "", "-1", "2e9", "{}", '{"x": 1}'))),
    lambda array, rng: np.zeros(rng.choice((0, 1, (2, 2), (0, 3))), array.dtype),
)

BINARY = (flip, cut, remove, repeat, fill, integer)
TEXT = (number, number, value, value, line, line, flip, cut, remove, repeat, fill)
KINDS: dict[str, tuple[Callable[[bytes, Rng], bytes], ...]] = {
    "json": (tree, tree, tree, tree, number, flip, cut),
    "state": (arrays, arrays, arrays, arrays, flip, cut, integer, fill),
    **dict.fromkeys(("cfg", "data", "txt", "names", "csv"), TEXT),
}
"""A file's ending -> what is done to it; BINARY to any other."""


def mutated(case: Case, rng: Rng) -> Case:
    """The case with a few changes in one of its targets."""
    for _ in range(rng.choice((1, 1, 1, 2, 3, 6))):
        case = _changed(case, rng)
    return case


def _changed(case: Case, rng: Rng) -> Case:
    if not case.targets:
        return replace(case, words=tuple(_words(list(case.words), rng)))
    name = rng.choice(case.targets)
    change = rng.choice(KINDS.get(name.rpartition(".")[2], BINARY))
    return case.with_file(name, change(case.files[name], rng))


def _words(words: list[str], rng: Rng) -> list[str]:
    at = rng.randrange(len(words))
    if rng.random() < 0.2:
        del words[at]
    elif rng.random() < 0.2:
        words.insert(at, rng.choice(words))
    else:
        words[at] = rng.choice((*NUMBERS, *WORDS, *words))
    return words or ["--help"]
