"""What the `rnn` words but `train` do on the command line."""

from __future__ import annotations

import os
import secrets
import sys
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

import click
import numpy as np
from numpy.random import Generator

from darknet_py.data.text_samples import Codes, check_codes, read_codes, require_symbols
from darknet_py.errors import DataError
from darknet_py.forks import Fork
from darknet_py.network import weights_layout
from darknet_py.network.graph import Graph, read_graph, with_temperature
from darknet_py.options.inference import (
    GenerateOptions,
    PerplexityOptions,
    RecurrentOptions,
    TacticOptions,
    TextOptions,
)
from darknet_py.rnn.generate import generate_step, generate_symbols, spellings

if TYPE_CHECKING:
    from darknet_py.rnn.perplexity import Score
    from darknet_py.rnn.reader import Reader

STEPS = 64
"""Symbols read at once where a whole text is known."""
SEED_BITS = 31


def generate(options: GenerateOptions) -> None:
    """Write the seed and what the network makes up after it to stdout."""
    graph = read_graph(options.cfg, fork=options.fork, time_steps=1)
    seed = _seed(options, require_symbols(graph)).tolist()
    reader, spelling, rng = _opened(graph, options)
    _write(spelling[code] for code in generate_symbols(reader, seed, options.length, rng))


def generate_tactic(options: TacticOptions) -> None:
    """Read stdin, and write what the network makes up after it to stdout, up to a full stop."""
    graph = read_graph(options.cfg, fork=options.fork, time_steps=1)
    symbols = require_symbols(graph)
    text = _checked(sys.stdin.buffer.read(), symbols, "stdin", 1).tolist()
    reader, spelling, rng = _opened(graph, options)
    _write(spelling[code] for code in generate_step(reader, text, options.length, rng))


def valid(options: PerplexityOptions) -> Score | None:
    """Print Darknet's line after each symbol of a text; the last one, None for no symbols."""
    return _valid(options, lambda score, fork: line(score, fork.log.rnn_bits))


def valid_tactic(options: PerplexityOptions) -> Score | None:
    """As `valid`, of what lies between `>>` and a full stop that ends its line."""
    return _valid(options, lambda score, _: tactic_line(score), tactics=True)


def vectors(options: TextOptions) -> None:
    """Print each line of stdin with what the first layer holds after it."""
    graph = read_graph(options.cfg, fork=options.fork, time_steps=1)
    symbols = require_symbols(graph)
    seed = _seed(options, symbols).tolist()
    plan = weights_layout.plan(graph, options.weights)

    from darknet_py.rnn.vectors import END, vector, vector_line, without_blanks

    check_codes(np.array([END]), symbols, "the blank behind each line")
    reader, out, bad = _reader(graph, plan, options), sys.stdout.buffer, 0
    for number, raw in enumerate(sys.stdin.buffer, start=1):
        text = without_blanks(raw)
        try:
            _checked(text, symbols, f"stdin:{number}")
        except DataError as error:
            bad += 1
            click.echo(f"warning: {error}; the line is left out ({bad} so far)", err=True)
            continue
        out.write(vector_line(text, vector(reader, seed, text)) + b"\n")
        out.flush()


def line(score: Score, bits: bool) -> str:
    """What is said after each symbol; `bits` as pjreddie's program says them."""
    first = f"{score.count} "
    if bits:
        first += f"BPC: {score.bits_per_symbol:4.4f}   "
    return first + _perplexities(score)


def tactic_line(score: Score) -> str:
    """What `rnn validtactic` says after each symbol."""
    return f"{score.count} {score.words} {_perplexities(score)}"


def _perplexities(score: Score) -> str:
    words = f"Word Perplexity: {score.word_perplexity:4.4f}"
    return f"Perplexity: {score.perplexity:4.4f}    {words}"


def _valid(
    options: PerplexityOptions, say: Callable[[Score, Fork], str], tactics: bool = False
) -> Score | None:
    graph = read_graph(options.cfg, fork=options.fork, time_steps=STEPS)
    symbols = require_symbols(graph)
    seed = _seed(options, symbols)
    plan = weights_layout.plan(graph, options.weights)
    codes = _text(options, symbols)

    from darknet_py.rnn import perplexity

    marks = perplexity.tactics if tactics else perplexity.every_symbol
    score = None
    for score in perplexity.scores(_reader(graph, plan, options), seed, codes, marks):
        click.echo(say(score, graph.fork))
    return score


def _opened(
    graph: Graph, options: GenerateOptions | TacticOptions
) -> tuple[Reader, list[bytes], Generator]:
    """What makes up a text: the network, how symbols are spelt, and chance."""
    symbols = require_symbols(graph)
    spelling = spellings(symbols, options.tokens)
    plan = weights_layout.plan(graph, options.weights)
    srand = secrets.randbits(SEED_BITS) if options.srand is None else options.srand
    warm = with_temperature(graph, options.temp)
    click.echo(
        f"{options.cfg}: {symbols} symbols, -temp {options.temp:g}, -srand {srand}", err=True
    )
    return _reader(warm, plan, options), spelling, np.random.default_rng(srand)


def _write(pieces: Iterable[bytes]) -> None:
    """On a terminal each as it comes."""
    out = sys.stdout.buffer
    for piece in pieces:
        out.write(piece)
        if sys.stdout.isatty():
            out.flush()
    out.write(b"\n")
    out.flush()


def _reader(graph: Graph, plan: weights_layout.Layout, options: RecurrentOptions) -> Reader:
    from darknet_py.engines.devices import checked_device
    from darknet_py.network.network import load_planned
    from darknet_py.rnn.reader import Reader

    network, report = load_planned(graph, plan)
    for note in report.warnings:
        click.echo(f"warning: {report.path}: {note}", err=True)
    return Reader(network, checked_device(options.chosen_device))


def _seed(options: TextOptions, symbols: int) -> Codes:
    return _checked(os.fsencode(options.seed), symbols, "-seed")


def _text(options: PerplexityOptions, symbols: int) -> Codes:
    """The text of -file, else of stdin, as in Darknet."""
    if options.file is None:
        return _checked(sys.stdin.buffer.read(), symbols, "stdin", 2)
    return _checked(read_codes(options.file), symbols, options.file, 2)


def _checked(text: bytes | Codes, symbols: int, source: str, least: int = 0) -> Codes:
    """Its symbols; raises DataError for too few, or for one that the network does not know."""
    codes = np.frombuffer(text, np.uint8).astype(np.int64) if isinstance(text, bytes) else text
    if len(codes) < least:
        raise DataError(f"{source}: {len(codes)} symbols, expected a text of {least} or more")
    check_codes(codes, symbols, source)
    return codes
