"""What `rnn generate` and `rnn valid` do on the command line."""

from __future__ import annotations

import os
import secrets
import sys
from typing import TYPE_CHECKING

import click
import numpy as np
from numpy.typing import NDArray

from darknet_py.data.text_samples import check_codes, read_codes, require_symbols
from darknet_py.errors import DarknetError
from darknet_py.network import weights_layout
from darknet_py.network.graph import Graph, read_graph
from darknet_py.options.inference import GenerateOptions, PerplexityOptions, TextOptions
from darknet_py.rnn.generate import generate_symbols, spellings

if TYPE_CHECKING:
    from darknet_py.rnn.perplexity import Score
    from darknet_py.rnn.reader import Reader

STEPS = 64
"""Symbols read at once where a whole text is known."""
SEED_BITS = 31


def generate(options: GenerateOptions) -> None:
    """Write the seed and what the network makes up after it to stdout."""
    graph = read_graph(options.cfg, fork=options.fork, time_steps=1)
    symbols = require_symbols(graph)
    spelling = spellings(symbols, options.tokens)
    seed = _seed(options, symbols)
    plan = weights_layout.plan(graph, options.weights)

    from darknet_py.rnn.reader import with_temperature

    srand = secrets.randbits(SEED_BITS) if options.srand is None else options.srand
    click.echo(
        f"{options.cfg}: {symbols} symbols, -temp {options.temp:g}, -srand {srand}", err=True
    )
    reader = _reader(with_temperature(graph, options.temp), plan, options)
    out = sys.stdout.buffer
    rng = np.random.default_rng(srand)
    for code in generate_symbols(reader, seed.tolist(), options.length, rng):
        out.write(spelling[code])
        if sys.stdout.isatty():
            out.flush()
    out.write(b"\n")
    out.flush()


def valid(options: PerplexityOptions) -> Score | None:
    """Print Darknet's line after each symbol of a text; the last one, None for no symbols."""
    graph = read_graph(options.cfg, fork=options.fork, time_steps=STEPS)
    symbols = require_symbols(graph)
    seed = _seed(options, symbols)
    plan = weights_layout.plan(graph, options.weights)
    codes = _text(options, symbols)

    from darknet_py.rnn.perplexity import scores

    score = None
    for score in scores(_reader(graph, plan, options), seed, codes):
        click.echo(line(score, graph.fork.log.rnn_bits))
    return score


def line(score: Score, bits: bool) -> str:
    """What is said after each symbol; `bits` as pjreddie's program says them."""
    first = f"{score.count} "
    if bits:
        first += f"BPC: {score.bits_per_symbol:4.4f}   "
    perplexity = f"Perplexity: {score.perplexity:4.4f}"
    return f"{first}{perplexity}    Word Perplexity: {score.word_perplexity:4.4f}"


def _reader(graph: Graph, plan: weights_layout.Layout, options: TextOptions) -> Reader:
    from darknet_py.engines.devices import checked_device
    from darknet_py.network.network import load_planned
    from darknet_py.rnn.reader import Reader

    network, report = load_planned(graph, plan)
    for note in report.warnings:
        click.echo(f"warning: {report.path}: {note}", err=True)
    return Reader(network, checked_device(options.chosen_device))


def _seed(options: TextOptions, symbols: int) -> NDArray[np.int64]:
    codes = np.frombuffer(os.fsencode(options.seed), np.uint8).astype(np.int64)
    check_codes(codes, symbols, "-seed")
    return codes


def _text(options: PerplexityOptions, symbols: int) -> NDArray[np.int64]:
    """The text of -file, else of stdin, as in Darknet."""
    if options.file is not None:
        codes, source = read_codes(options.file), options.file
    else:
        codes, source = np.frombuffer(sys.stdin.buffer.read(), np.uint8).astype(np.int64), "stdin"
    if len(codes) < 2:
        raise DarknetError(f"{source}: {len(codes)} symbols, expected a text of 2 or more")
    check_codes(codes, symbols, source)
    return codes
