"""What comes from several processes, in the order of the list."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest
from support.thread_group import Table, ThreadContext

from darknet_py.distributed import list_order
from darknet_py.distributed.context import ALONE
from darknet_py.distributed.list_order import in_list_order


def merged(parts: list[list[int]]) -> list[list[str]]:
    """What each of the processes gets that have these numbers."""
    table, got = Table(len(parts)), [list[str]() for _ in parts]

    def work(rank: int) -> None:
        context = ThreadContext(rank, len(parts), table)
        items: Iterator[tuple[int, str]] = ((number, f"#{number}") for number in parts[rank])
        got[rank] = list(in_list_order(items, context))

    threads = [threading.Thread(target=work, args=(rank,)) for rank in range(len(parts))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return got


@pytest.mark.parametrize("seconds", [-1, 60])
@pytest.mark.parametrize(
    "parts",
    [
        [[0, 1, 4, 5], [2, 3, 6]],
        [[5, 6], [0, 1, 2, 3, 4]],
        [[], [1], [0, 2]],
        [[], []],
        [[3], [], []],
    ],
)
def test_the_first_has_all_in_order(
    parts: list[list[int]], seconds: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Handed over one by one, or all at the end."""
    monkeypatch.setattr(list_order, "ROUND_SECONDS", seconds)
    first, *others = merged(parts)
    assert first == [f"#{number}" for number in sorted(sum(parts, []))]
    assert others == [[]] * len(others)


def test_what_is_sure_comes_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of two who go on, nothing beyond the last number of either."""
    rounds = list_order._Merged[str](2)
    parts = [([(0, "a"), (1, "b"), (4, "e")], False), ([(2, "c")], False)]
    assert list(rounds.add(parts)) == ["a", "b", "c"]
    assert list(rounds.add([([], True), ([(3, "d")], False)])) == ["d"]
    assert list(rounds.add([([], True), ([], True)])) == ["e"]


def test_alone_they_pass_one_by_one() -> None:
    asked: list[int] = []

    def items() -> Iterator[tuple[int, int]]:
        for number in (3, 1):
            asked.append(number)
            yield number, number

    passed = in_list_order(items(), ALONE)
    assert next(passed) == 3 and asked == [3]
    assert list(passed) == [1]
