"""What the `go` words but `train` do on the command line."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import click
import numpy as np
from numpy.random import Generator

from darknet_py.data.go_moves import POINTS, GoMoves, read_moves
from darknet_py.data.go_samples import GoSet, go_shape, planes
from darknet_py.engines.devices import checked_device
from darknet_py.go.advice import Advice, NotUnderstood
from darknet_py.go.choose import TEMPERATURE
from darknet_py.go.game import Game
from darknet_py.go.gtp import replies
from darknet_py.go.policy import Policy
from darknet_py.go.self_play import Match
from darknet_py.network import weights_layout
from darknet_py.network.graph import Graph, read_graph, with_temperature
from darknet_py.network.network import Network, load_planned
from darknet_py.options.go import (
    GoEngineOptions,
    GoOptions,
    GoSelfOptions,
    GoTestOptions,
    GoValidOptions,
)

AT_ONCE = 64
"""Positions that the network looks at together."""


def valid(options: GoValidOptions) -> float:
    """Print Darknet's line after each move of a file; returns the share that was foreseen."""
    graph = _graph(options, options.cfg)
    shape = go_shape(graph)
    names_players = graph.fork.go.names_players
    moves = read_moves(options.data, names_players=names_players, passes=shape.moves > POINTS)
    GoSet.of(moves, shape, AT_ONCE, 0)
    policy = _policy(options, graph, options.weights)
    net = graph.net
    click.echo(Path(graph.path).stem)
    click.echo(
        f"Learning Rate: {net.learning_rate:g}, Momentum: {net.momentum:g}, Decay: {net.decay:g}"
    )
    click.echo(str(len(moves.usable)))
    if moves.warning:
        click.echo(f"warning: {moves.warning}", err=True)
    right = 0
    for index, foreseen in enumerate(_foreseen(policy, moves)):
        right += foreseen
        click.echo(f"{index} Accuracy {right / (index + 1):f}")
    return right / len(moves.usable)


def _foreseen(policy: Policy, moves: GoMoves) -> Iterator[bool]:
    """Whether the likeliest move is the one of the file, row by row."""
    for start in range(0, len(moves.usable), AT_ONCE):
        numbers = np.arange(start, min(start + AT_ONCE, len(moves.usable)))
        own, other, black, _, truth = moves.positions(numbers)
        answers = policy.answers(planes(own, other, black, policy.shape.channels))
        taken = (own | other).astype(bool).reshape(-1, POINTS)
        opinions = policy.opinions(answers, taken)
        for opinion, move in zip(opinions, truth.tolist(), strict=True):
            yield int(opinion.moves.argmax()) == move


def test(options: GoTestOptions) -> None:
    """Show the best moves and read the next one from stdin, until it ends."""
    graph = _graph(options, options.cfg)
    policy = _policy(options, graph, options.weights)
    rules = graph.fork.go
    advice = Advice(rules.candidates)
    while True:
        lines = advice.lines(policy.opinion(advice.board, advice.player))
        click.echo(advice.drawing(rules.dots), nl=False, err=True)
        click.echo("".join(f"{line}\n" for line in lines), nl=False)
        if not _turn(advice):
            click.echo()
            return


def _turn(advice: Advice) -> bool:
    """Ask until there is a move; False at the end of stdin."""
    while True:
        click.echo(advice.prompt, nl=False)
        sys.stdout.flush()
        line = next(_lines(), None)
        if line is None:
            return False
        try:
            advice.take(line)
        except NotUnderstood as reason:
            click.echo(f"{' '.join(line.split())[:20]}: {reason}", err=True)
        else:
            return True


def engine(options: GoEngineOptions) -> None:
    """Answer the lines of stdin by the Go Text Protocol."""
    graph = with_temperature(_graph(options, options.cfg), TEMPERATURE)
    policy = _policy(options, graph, options.weights)
    rules = graph.fork.go
    game = Game(policy, _chance(options.seed), rules.dots, rules.candidates, options.anon)
    for answer, shown in replies(game, _lines()):
        click.echo(answer, nl=False)
        sys.stdout.flush()
        click.echo(shown, nl=False, err=True)


def play_itself(options: GoSelfOptions) -> None:
    """Play games of two networks; rows of moves go to stdout, who is ahead to stderr."""
    graph = with_temperature(_graph(options, options.cfg), TEMPERATURE)
    one = two = _policy(options, graph, options.weights)
    if options.cfg2 is not None:
        other = with_temperature(_graph(options, options.cfg2), TEMPERATURE)
        two = _policy(options, other, options.weights2)
    match, out = Match(), sys.stdout.buffer
    games = match.games(one, two, _chance(options.seed))
    for game in islice(games, options.games or None):
        click.echo(f"= {game.result}  \t{match.line}", err=True)
        out.write(game.rows(graph.fork.go.names_players))
        out.flush()


def _lines() -> Iterator[str]:
    """Those of stdin, each as soon as it is there; bytes that are no text are no move either."""
    return (line.decode(errors="replace") for line in iter(sys.stdin.buffer.readline, b""))


def _graph(options: GoOptions, cfg: str) -> Graph:
    graph = read_graph(cfg, fork=options.fork)
    go_shape(graph)
    return graph


def _policy(options: GoOptions, graph: Graph, weights: str | None) -> Policy:
    """The network with its weights; as in Darknet, with random ones where there are none."""
    device = checked_device(options.chosen_device)
    if weights is None:
        click.echo(f"warning: {graph.path}: no weights are given: the moves are random", err=True)
        return Policy(Network(graph, seed=options.seed), device, options.multi)
    network, report = load_planned(graph, weights_layout.plan(graph, weights))
    for note in report.warnings:
        click.echo(f"warning: {report.path}: {note}", err=True)
    return Policy(network, device, options.multi)


def _chance(seed: int | None) -> Generator:
    return np.random.default_rng(seed)
