"""What a network thinks of a position."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from support.small_go import CPU, board, constant, go_cfg, point

from darknet_py import Network
from darknet_py.data.go_samples import turned
from darknet_py.errors import DarknetError
from darknet_py.go.board import BLACK, WHITE, Board
from darknet_py.go.policy import Policy

POSITION = board("X.O .XO OX. ..X")


def network(folder: Path, **how: int) -> Network:
    return Network.from_cfg(go_cfg(folder, **how), seed=2)


def test_one_channel_holds_own_stones_and_others(tmp_path: Path) -> None:
    net = network(tmp_path)
    x = torch.tensor(POSITION.stones).float().view(1, 1, 19, 19)
    for player in (BLACK, WHITE):
        (expected,) = net(x * player)
        moves = expected.detach().double().numpy().ravel() * (np.array(POSITION.stones) == 0)
        opinion = Policy(net, CPU).opinion(POSITION, player)
        assert opinion.moves == pytest.approx(moves, abs=1e-6) and opinion.wins is None


@pytest.mark.parametrize("player", [BLACK, WHITE])
def test_three_channels_hold_own_stones_others_and_who_moves(tmp_path: Path, player: int) -> None:
    net = network(tmp_path, channels=3, outputs=363)
    stones = torch.tensor(POSITION.stones).view(19, 19)
    parts = [stones == player, stones == -player, torch.full_like(stones, player == BLACK)]
    (expected,) = net(torch.stack(parts)[None].float())
    opinion = Policy(net, CPU).opinion(POSITION, player)
    assert opinion.moves.shape == (362,)
    values = expected.detach().double().numpy().ravel()
    assert opinion.moves[-1] == pytest.approx(values[361], abs=1e-6)
    assert opinion.wins == pytest.approx(values[362], abs=1e-6)


def test_multi_is_the_mean_of_all_symmetries(tmp_path: Path) -> None:
    """Each board turned by hand, each answer found where the symmetry has put its point."""
    policy = Policy(network(tmp_path, outputs=362), CPU)
    free = np.array(POSITION.stones) == 0
    expected, passes = np.zeros(361), 0.0
    places = np.arange(361).reshape(19, 19)
    for symmetry in range(8):
        seen = turned(np.array(POSITION.stones).reshape(19, 19), symmetry)
        answers = policy.answers(seen[None, None].astype(np.float32))[0]
        expected[turned(places, symmetry).ravel()] += answers[:361] / 8
        passes += answers[361] / 8
    policy.multi = True
    actual = policy.opinion(POSITION, BLACK).moves
    assert actual[:361] == pytest.approx(expected * free, abs=1e-7)
    assert actual[361] == pytest.approx(passes)
    policy.multi = False
    assert np.abs(policy.opinion(POSITION, BLACK).moves - actual).max() > 1e-4


def test_multi_sees_all_symmetries_alike(tmp_path: Path) -> None:
    policy = Policy(network(tmp_path), CPU, multi=True)
    moves = policy.opinion(Board().put(point("C4"), BLACK), WHITE).moves
    assert moves[point("D3")] == pytest.approx(
        policy.opinion(Board().put(point("D3"), BLACK), WHITE).moves[point("C4")]
    )


def test_answers_that_are_not_finite_are_refused(tmp_path: Path) -> None:
    policy = constant(tmp_path, D4=0.5, Q4=0.5)
    policy.network.own(0)["biases"].fill_(float("nan"))
    with pytest.raises(DarknetError, match="not finite; are its weights damaged"):
        policy.opinion(Board(), BLACK)


@pytest.mark.parametrize(
    ("how", "message"),
    [
        ({"channels": 2}, r"reads .*, a network for Go reads 19 x 19 points in channels: 1 \("),
        ({"outputs": 100}, r"gives 100 values, expected 361 \(points\), 362"),
    ],
)
def test_networks_for_something_else_are_refused(
    tmp_path: Path, how: dict[str, int], message: str
) -> None:
    with pytest.raises(DarknetError, match=message):
        Policy(network(tmp_path, **how), CPU)
