"""Processes that meet in a store which others have used before."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import Any

import pytest
import torch.distributed as dist

from darknet_py.distributed.meeting import agreed_word
from darknet_py.errors import DarknetError

LONG = timedelta(seconds=60)


def words_of(store: Any, world: int) -> list[str]:
    """What each of so many processes, here threads, takes for the word."""
    words = [""] * world

    def come(rank: int) -> None:
        words[rank] = agreed_word(store, rank, world, LONG)

    threads = [threading.Thread(target=come, args=(rank,)) for rank in reversed(range(world))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return words


def test_all_have_one_word_and_each_start_its_own() -> None:
    store = dist.HashStore()
    starts = [words_of(store, 3) for _ in range(3)]
    assert all(len(set(words)) == 1 and words[0] for words in starts)
    assert len({words[0] for words in starts}) == 3


def test_one_that_has_died_is_not_taken_for_the_one_to_come() -> None:
    store = dist.HashStore()
    store.set("here 1", "dead")
    first = threading.Thread(target=lambda: words.append(agreed_word(store, 0, 2, LONG)))
    words: list[str] = []
    first.start()
    answer = store.get("word for dead").decode()
    assert first.is_alive() and not words
    words.append(agreed_word(store, 1, 2, LONG))
    first.join()
    assert words == [answer, answer]


def test_who_does_not_come_is_named() -> None:
    with pytest.raises(DarknetError, match="of 3 processes these have not come: 1, 2"):
        agreed_word(dist.HashStore(), 0, 3, timedelta(0))
