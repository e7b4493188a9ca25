"""When weights are written, under which names."""

from __future__ import annotations

from pathlib import Path

import pytest

from darknet_py.errors import DarknetError, OutputError
from darknet_py.forks import ALEXEYAB, PJREDDIE
from darknet_py.train.checkpoint import PLAIN_LAST, CheckpointFiles, SavePolicy


def numbered(save_policy: SavePolicy, upto: int, updates: int = 1) -> list[int]:
    numbers = [save_policy.number(n - updates, n) for n in range(updates, upto + 1, updates)]
    return [number for number in numbers if number is not None]


def last(save_policy: SavePolicy, upto: int) -> list[int]:
    return [n for n in range(1, upto + 1) if save_policy.keeps_last(n - 1, n)]


def test_alexeyabs_times() -> None:
    save_policy = SavePolicy.of(ALEXEYAB, 9000, {})
    assert numbered(save_policy, 3000) == [1000, 2000, 3000]
    assert last(save_policy, 300) == [100, 200, 300]
    assert numbered(SavePolicy.of(ALEXEYAB, 10_000, {}), 20_000) == [10_000, 20_000]


def test_the_data_file_sets_them() -> None:
    save_policy = SavePolicy.of(ALEXEYAB, 9000, {"saveweights": "50", "savelast": "20"})
    assert numbered(save_policy, 150) == [50, 100, 150]
    assert last(save_policy, 60) == [20, 40, 60]


@pytest.mark.parametrize("value", ["0", "-1", "often"])
def test_a_time_that_is_none(value: str) -> None:
    with pytest.raises(DarknetError, match=f"savelast={value} of the .data file: expected"):
        SavePolicy.of(ALEXEYAB, 100, {"savelast": value})


def test_pjreddies_times() -> None:
    save_policy = SavePolicy.of(PJREDDIE, 500_200, {"saveweights": "7"})
    assert numbered(save_policy, 20_000) == [*range(100, 1000, 100), 10_000, 20_000]
    assert last(save_policy, 300) == [100, 200, 300]


@pytest.mark.parametrize(
    "save_policy",
    [
        SavePolicy.of(ALEXEYAB, 9000, {"saveweights": "50"}),
        SavePolicy.of(PJREDDIE, 9000, {}),
        SavePolicy(1000, 1000, epoch=100, images=40),
    ],
)
def test_the_command_line_sets_the_numbered_ones(save_policy: SavePolicy) -> None:
    assert numbered(save_policy.every(30), 100) == [30, 60, 90]
    assert last(save_policy.every(30), 2000) == last(save_policy, 2000)
    assert save_policy.every(None) is save_policy


def test_steps_that_count_for_three_updates_miss_nothing() -> None:
    save_policy = SavePolicy.of(ALEXEYAB, 9000, {})
    assert numbered(save_policy, 3003, updates=3) == [1002, 2001, 3000]


def test_pjreddies_classifiers_are_numbered_by_passes_over_the_list() -> None:
    save_policy = SavePolicy(1000, 1000, epoch=100, images=40)
    assert [save_policy.number(n - 1, n) for n in range(1, 7)] == [None, None, 1, None, 2, None]
    assert last(save_policy, 2500) == [1000, 2000]
    # Of a list shorter than a batch numbers are left out, as in Darknet.
    assert numbered(SavePolicy(1000, 1000, epoch=10, images=25), 4) == [2, 5, 7, 10]


def test_recurrent_nets_count_passes() -> None:
    save_policy = SavePolicy(1000, 10, passes=8)
    assert numbered(save_policy, 500) == [1000, 2000, 3000, 4000]
    assert last(save_policy, 10) == [2, 3, 4, 5, 7, 8, 9, 10]
    assert numbered(SavePolicy(10, 10, passes=4), 6) == [12, 20]


@pytest.mark.parametrize(
    ("endings", "last", "final"),
    [
        ((), "yolo.v1_last.weights", "yolo.v1_final.weights"),
        ((PLAIN_LAST, ".weights"), "yolo.v1.backup", "yolo.v1.weights"),
    ],
)
def test_names(tmp_path: Path, endings: tuple[str, ...], last: str, final: str) -> None:
    files = CheckpointFiles.of(tmp_path / "a" / "b", "cfg/yolo.v1.cfg", *endings)
    assert files.last == tmp_path / "a" / "b" / last
    assert files.final == tmp_path / "a" / "b" / final
    assert files.named("best").name == "yolo.v1_best.weights"
    assert files.state.name == "yolo.v1_last.state"
    assert files.folder.is_dir()


def test_leftovers_of_killed_runs_are_swept(tmp_path: Path) -> None:
    mine = [".net_last.weights.ab12", ".net_100.weights.x", ".net_last.state.q", ".net.backup.z"]
    mine += [".chart_net.png.1a"]
    others = [".other_last.weights.ab12", "net_last.weights", "chart_net.png", ".chart_a.png.1a"]
    for name in mine + others:
        (tmp_path / name).write_bytes(b"x")
    CheckpointFiles.of(tmp_path, "net.cfg")
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(others)


def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="cannot be made: .*; set backup= in the .data file"):
        CheckpointFiles.of(tmp_path / "file" / "backup", "net.cfg")


def test_copies_of_the_last_weights_keep_their_number() -> None:
    save_policy = SavePolicy(0, 10, epoch=30, images=4, copies=20)
    copies = [save_policy.copy(now - 1, now) for now in range(1, 50)]
    assert [one for one in copies if one is not None] == [20, 40]
    assert numbered(save_policy, 20) == [1, 2]
    assert SavePolicy(100, 10).copy(9, 20_000) is None
    files = CheckpointFiles(Path("b"), "net", PLAIN_LAST)
    assert files.copy(20) == Path("b/net_20.backup")
