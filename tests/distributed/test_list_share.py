"""Which images each process takes."""

from __future__ import annotations

import pytest
import torch.distributed as dist

from darknet_py.distributed.list_share import (
    ListShare,
    expected_share,
    local_rank,
    started_in_a_group,
)


def test_batches_go_round_the_processes() -> None:
    parts = [ListShare(rank, 3).numbers(20, 4) for rank in range(3)]
    assert parts[0] == [0, 1, 2, 3, 12, 13, 14, 15]
    assert parts[1] == [4, 5, 6, 7, 16, 17, 18, 19]
    assert parts[2] == [8, 9, 10, 11]
    assert ListShare().numbers(5, 2) == [0, 1, 2, 3, 4]


@pytest.mark.parametrize("total", [0, 1, 5, 6, 7, 100])
@pytest.mark.parametrize("world", [1, 2, 5])
def test_each_image_is_one_processs(total: int, world: int) -> None:
    parts = [ListShare(rank, world).numbers(total, 8) for rank in range(world)]
    assert sorted(number for part in parts for number in part) == list(range(total))
    assert all(part == sorted(part) for part in parts)


def test_of_a_short_list_everybody_has_something() -> None:
    assert [ListShare(rank, 2).numbers(6, 4) for rank in range(2)] == [[0, 1, 2], [3, 4, 5]]
    assert [ListShare(rank, 3).numbers(2, 4) for rank in range(3)] == [[0], [1], []]


def test_what_torchrun_says(monkeypatch: pytest.MonkeyPatch) -> None:
    assert expected_share() == ListShare() and local_rank() == 0
    monkeypatch.setenv("WORLD_SIZE", "4")
    assert expected_share() == ListShare() and not started_in_a_group()
    monkeypatch.setenv("RANK", "3")
    monkeypatch.setenv("LOCAL_RANK", "1")
    assert expected_share() == ListShare(3, 4) and started_in_a_group() and local_rank() == 1
    assert not expected_share().first and ListShare(0, 4).first


def test_a_group_that_is_there_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dist, "is_initialized", lambda: True)
    monkeypatch.setattr(dist, "get_rank", lambda: 1)
    monkeypatch.setattr(dist, "get_world_size", lambda: 2)
    assert expected_share() == ListShare(1, 2)
