"""`average`: by numpy's mean of the raw floats."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from support.raw_weights import conv, conv_rows, header, matrix_rows, net, raw, written

from darknet_py.errors import WeightsError
from darknet_py.network.graph import read_graph
from darknet_py.network.weights_layout import plan
from darknet_py.weight_tools.averaging import average

BN = "batch_normalize=1\n"
TEXT = net(
    conv(4, f"{BN}size=3\n"),
    conv(4, f"{BN}size=1\ngroups=2\n"),
    f"[connected]\n{BN}output=5\n",
    "[rnn]\noutput=2\nhidden=2\n",
)
ROWS = (
    conv_rows(4, 3, 3, True),
    conv_rows(4, 2, 1, True),
    matrix_rows(5, 4 * 4 * 4, True),
    matrix_rows(2, 5, False),
    matrix_rows(2, 2, False),
    matrix_rows(2, 2, False),
)


def files(folder: Path, count: int) -> tuple[Path, list[Path]]:
    made = [written(folder, TEXT, seed) for seed in range(1, count + 1)]
    return made[0][0], [path for _, path in made]


def mean_of(cfg: Path, paths: list[Path], fork: str = "alexeyab") -> tuple[Path, tuple[str, ...]]:
    graph = read_graph(cfg, fork=fork)
    edit, reports = average(graph, [plan(graph, path) for path in paths])
    assert [report.path for report in reports] == [str(path) for path in paths]
    out = cfg.with_name("out")
    edit.save(out)
    return out, edit.notes


@pytest.mark.parametrize("count", [2, 3])
def test_mean(tmp_path: Path, count: int) -> None:
    cfg, paths = files(tmp_path, count)
    out, notes = mean_of(cfg, paths)
    all_old = [raw(path, *ROWS) for path in paths]
    for index, arrays in enumerate(raw(out, *ROWS)):
        names = arrays if index < 2 else ("biases", "weights") if index == 2 else ()
        for name, values in arrays.items():
            olds = [old[index][name] for old in all_old]
            if name in names:
                assert np.allclose(values, np.mean(olds, axis=0, dtype=np.float64), rtol=1e-6)
                assert not np.allclose(values, olds[0])
            else:
                assert np.array_equal(values, olds[0]), (index, name)
    assert len(notes) == 1 and f"the rest of layers 2 to 3 is of {paths[0]}" in notes[0]


def test_of_two_to_the_bit(tmp_path: Path) -> None:
    cfg, paths = files(tmp_path, 2)
    out, _ = mean_of(cfg, paths)
    first, second = (raw(path, *ROWS)[0]["weights"] for path in paths)
    assert np.array_equal(raw(out, *ROWS)[0]["weights"], (first + second) / np.float32(2))


def test_of_one_is_itself(tmp_path: Path) -> None:
    cfg, paths = files(tmp_path, 1)
    out, notes = mean_of(cfg, paths, "pjreddie")
    data = bytearray(paths[0].read_bytes())
    data[8] = 0  # its version's last number
    assert out.read_bytes() == bytes(data) and notes == ()


def test_the_images_seen_are_those_of_the_first_file(tmp_path: Path) -> None:
    cfg, paths = files(tmp_path, 2)
    data = bytearray(paths[1].read_bytes())
    data[12] = 200
    paths[1].write_bytes(data)
    assert header(mean_of(cfg, paths)[0]) == (0, 2, 5, 28)
    assert header(mean_of(cfg, paths[::-1])[0]) == (0, 2, 5, 200)


def test_shared_weights_are_averaged_once(tmp_path: Path) -> None:
    text = net(conv(3, "size=1\n"), conv(3, "size=1\nshare_index=0\n"))
    cfg, first = written(tmp_path, text, 1)
    _, second = written(tmp_path, text, 2)
    out, _ = mean_of(cfg, [first, second])
    old = [raw(path, conv_rows(3, 3, 1, False))[0]["weights"] for path in (first, second)]
    new = raw(out, conv_rows(3, 3, 1, False))[0]["weights"]
    assert np.array_equal(new, (old[0] + old[1]) / np.float32(2))


def test_a_file_of_another_network(tmp_path: Path) -> None:
    cfg, paths = files(tmp_path, 2)
    paths[1].write_bytes(paths[1].read_bytes() + bytes(4))
    with pytest.raises(WeightsError, match="1 too many after the last layer"):
        mean_of(cfg, paths)
