"""`cifar`: lines of the C programs, by scores worked out apart."""

from __future__ import annotations

import re
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from click.testing import CliRunner, Result
from support.tiny_cifar import batches, cfg, records

from darknet_py import Network
from darknet_py.cli.main import main

FOLDER = "data/cifar/cifar-10-batches-bin"


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working folder: data where Darknet has it, n.cfg, n.weights."""
    batches(tmp_path / FOLDER)
    Network.from_cfg(cfg(tmp_path / "n.cfg"), seed=4).save_weights(tmp_path / "n.weights")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def cifar(*words: str) -> Result:
    return CliRunner().invoke(main, ["cifar", *words])


def run(word: str, *more: str) -> Result:
    result = cifar(word, "n.cfg", "n.weights", "-nogpu", *more)
    assert result.exit_code == 0, result.output
    return result


def scores_of(rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Scores of the images (N, 3073) and of their mirror images."""
    network = Network.from_cfg("n.cfg")
    network.load_weights("n.weights")
    x = torch.from_numpy(rows[:, 1:].reshape(-1, 3, 32, 32).astype(np.float32)) / 255
    with torch.no_grad():
        return tuple(network(one)[0].flatten(1).numpy() for one in (x, x.flip(3)))  # type: ignore[return-value]


def right(scores: np.ndarray, rows: np.ndarray) -> np.ndarray:
    flags: np.ndarray = scores.argmax(1) == rows[:, 0]
    return flags


def test_test_prints_the_share_of_right_answers() -> None:
    rows = records(12, 6)
    share = right(scores_of(rows)[0], rows).mean()
    line = run("test", "--batch", "5").stdout
    assert re.fullmatch(rf"top1: {share:f}, \d+\.\d{{6}} seconds, 12 images\n", line)


def test_multi_adds_the_mirror_image() -> None:
    rows = records(12, 6)
    plain, mirrored = scores_of(rows)
    flags = right(plain + mirrored, rows)
    expected = [f"{i:4d}: {100 * flags[: i + 1].mean():.2f}%" for i in range(12)]
    assert run("multi").stdout.splitlines() == expected
    assert expected[0].startswith("   0: ")


@pytest.mark.parametrize(("word", "files"), [("csv", [6]), ("csvtrain", [1, 2, 3, 4, 5])])
def test_scores_as_a_table(word: str, files: list[int]) -> None:
    rows = np.concatenate([records(12, number) for number in files])
    mean = sum(scores_of(rows)) / np.float32(2)
    result = run(word)
    lines = result.stdout.splitlines()
    np.testing.assert_allclose(
        np.array([line.split(",") for line in lines], float), mean, atol=1e-6
    )
    values = [float(number) for number in lines[0].split(",")]
    assert lines[0] == ",".join(f"{value:.17g}" for value in values)
    assert result.stderr == f"Accuracy: {right(mean, rows).mean():f}\n"


def test_eval_reads_the_table_again() -> None:
    Path("results").mkdir()
    result = run("csv")
    Path("results/combined.csv").write_text(result.stdout)
    again = cifar("eval")
    assert again.stderr == f"12 10\n{result.stderr}" and again.exit_code == 0
    refused = cifar("eval", "--predictions", "none.csv")
    assert refused.exit_code == 1 and "none.csv: No such file" in refused.stderr


def test_extract_writes_images() -> None:
    result = cifar("extract", "n.cfg")
    assert result.exit_code == 0
    assert "data/cifar/train: 60 images\ndata/cifar/test: 12 images\n" in result.stderr
    row = records(12, 2)[1]
    image = cv2.imread("data/cifar/train/13_automobile.png")
    assert image is not None
    expected = row[1:].reshape(3, 32, 32)[::-1].transpose(1, 2, 0)
    assert (image == expected).all()
    assert len(list(Path("data/cifar/test").iterdir())) == 12
    Path("taken").write_text("")
    refused = cifar("extract", "--out", "taken")
    assert refused.exit_code == 1 and "taken/train: cannot be made" in refused.stderr


def test_train_prints_and_saves_as_in_c() -> None:
    """12 updates of 10 images over 60: two passes, two numbered files."""
    result = run_training("train")
    lines = without_machine(result)
    assert lines[:3] == [
        "n",
        "mini_batch = 10, batch = 10, time_steps = 1, train = 1 ",
        "Learning Rate: 0.01, Momentum: 0.9, Decay: 0.0001",
    ]
    losses, average = [], 0.0
    for number, line in enumerate(lines[3:15], 1):
        match = re.fullmatch(
            rf"{number}, {number / 6:.3f}: (\d+\.\d+), (\d+\.\d+) avg, 0\.010000 rate, "
            rf"\d+\.\d{{6}} seconds, {10 * number} images",
            line,
        )
        assert match, line
        losses.append(float(match[1]))
        average = losses[-1] if number == 1 else 0.95 * average + 0.05 * losses[-1]
        assert float(match[2]) == pytest.approx(average, abs=1e-4)
    names = {path.name for path in Path("backup").iterdir()}
    weights = {"n_1.weights", "n_2.weights", "n.weights", "n.backup", "n_last.state"}
    assert names == weights | {"results.csv", "chart.png", "chart_n.png"}


def run_training(word: str, *more: str) -> Result:
    words = ("n.cfg", "-nogpu", "--log-style", "darknet", *more)
    result = cifar(word, *words)
    assert result.exit_code == 0, result.output
    return result


def without_machine(result: Result) -> list[str]:
    """The lines from the name of the cfg on; those before it are about the processor."""
    lines = result.stdout.splitlines()
    return lines[lines.index("n") :]


def test_distill_learns_from_a_table() -> None:
    Path("results").mkdir()
    Path("results/ensemble.csv").write_text(run("csvtrain").stdout)
    soft = run_training("distill", "--max_batches", "1", "--backup", "soft")
    hard = run_training("train", "--max_batches", "1", "--backup", "hard")
    assert without_machine(soft)[3] != without_machine(hard)[3]
    # Scores are not smoothed labels: the weights must move elsewhere.
    assert Path("soft/n.weights").read_bytes() != Path("hard/n.weights").read_bytes()


def test_a_network_for_28_pixels_looks_at_pieces() -> None:
    Network.from_cfg(cfg(Path("n.cfg"), side=28), seed=4).save_weights("n.weights")
    assert re.fullmatch(r"top1: 0\.\d{6}, \S+ seconds, 12 images\n", run("test").stdout)
    run_training("train", "--max_batches", "2")


def test_wrong_calls() -> None:
    result = cifar("train", "n.cfg", "--batches", "nowhere")
    assert result.exit_code == 1 and "nowhere/data_batch_1.bin: No such file" in result.stderr
    text = Path("n.cfg").read_text().replace("channels=3", "channels=1")
    Path("grey.cfg").write_text(text)
    for word in ("train", "test"):
        result = cifar(word, "grey.cfg")
        assert result.exit_code == 1 and "CIFAR's images have 3" in result.stderr
