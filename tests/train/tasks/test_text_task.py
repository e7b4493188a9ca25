"""`rnn train` as a whole: streams, empty memory, files and lines of both programs."""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from support.outcome import kept_in, require_same, rows_of
from support.small_text import TEXT, small_options

import darknet_py.train.tasks.text_task as task
from darknet_py.distributed.context import DistributedContext
from darknet_py.errors import DarknetError, DataError, OutputError, WeightsError
from darknet_py.network.network import Network
from darknet_py.train import Trainer
from darknet_py.train.command import run

CPU = torch.device("cpu")
VARIANTS: list[dict[str, Any]] = [
    {},
    {"layers": "[gru]\noutput=16\nbatch_normalize=1\n[dropout]\nprobability=.2", "net": "adam=1"},
    {"layers": "[lstm]\noutput=16", "subdivisions": 2, "fork": "pjreddie"},
    {"precision": "bf16"},
]


@pytest.mark.parametrize("variant", VARIANTS, ids=str)
def test_ten_and_ten_are_twenty_bit_for_bit(tmp_path: Path, variant: dict[str, Any]) -> None:
    whole, halves = (small_options(tmp_path / name, **variant) for name in ("whole", "halves"))
    assert run(whole) == 0
    assert run(replace(halves, iterations=10)) == 0
    assert run(replace(halves, resume=True, seed=99)) == 0
    require_same(tmp_path / "whole", tmp_path / "halves")


def test_batches_are_those_of_the_text(tmp_path: Path) -> None:
    ready = task.open_text(small_options(tmp_path, subdivisions=2), DistributedContext(), CPU)
    whole = list(islice(ready.task.batches(1), 5))
    again = next(ready.task.batches(5))
    symbols, answers, unreadable, faults = whole[4]
    assert symbols.shape == answers.shape == (8 * 16, 128)
    assert symbols.dtype == torch.float32
    assert unreadable == faults == ()
    assert torch.equal(again.images, symbols)
    # A pass is (steps, streams); of each stream the answer is the next symbol.
    codes, following = (part.argmax(1).view(2, 16, 4) for part in (symbols, answers))
    assert torch.equal(codes[:, 1:], following[:, :-1])
    read = "".join(map(chr, codes[0, :, 0].tolist()))
    assert read in TEXT * 2


def test_processes_read_streams_of_their_own(tmp_path: Path) -> None:
    options = small_options(tmp_path)
    parts = [
        next(task.open_text(options, DistributedContext(rank, 2), CPU).task.batches(1))
        for rank in (0, 1)
    ]
    assert not torch.equal(parts[0].images, parts[1].images)


def test_every_pass_starts_from_empty_memory(tmp_path: Path) -> None:
    """The same symbols once more cost the same: nothing is remembered from pass to pass."""
    small_options(tmp_path, subdivisions=2)
    trainer = Trainer(Network.from_cfg(tmp_path / "small.cfg", seed=0))
    seen = []
    trainer.watch = lambda losses: seen.append(next(iter(losses.values())).cost)
    rng = np.random.default_rng(0)
    part = np.eye(128, dtype=np.float32)[rng.integers(128, size=64)]
    trainer.step(np.vstack([part, part]), np.vstack([part, part]))
    assert seen[0] == seen[1]


def test_what_a_run_writes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run(small_options(tmp_path, max_batches=12))
    assert kept_in(tmp_path) == {"small.backup", "small_final.weights", "small_last.state"}
    row = rows_of(tmp_path)[-1]
    assert (row["iteration"], row["symbols"], row["width"], row["map"]) == ("12", "1536", "", "")
    printed = capsys.readouterr().out
    facts = "76 symbols of .*t.txt, 128 inputs, 8 streams of 16 steps, batch 8/1, 12 iterations fr"
    assert re.search(facts, printed)
    assert re.search(
        r"^12/12  loss \S+  avg \S+  rate 0\.5  1536 symbols  \S+ symbols/s  ", printed, re.M
    )
    net = Network.from_cfg(tmp_path / "small.cfg")
    assert net.load_weights(tmp_path / "backup" / "small_final.weights").seen == 12 * 8 * 16


@pytest.mark.parametrize(("fork", "numbers"), [("alexeyab", (6, 12, 18)), ("pjreddie", (8, 16))])
def test_weights_are_numbered_by_passes(
    tmp_path: Path, fork: str, numbers: tuple[int, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(task, "NUMBERED", {True: 8, False: 6})
    run(small_options(tmp_path, max_batches=9, fork=fork, subdivisions=2))
    kept = {name for name in kept_in(tmp_path) if re.search(r"_\d", name)}
    assert kept == {f"small_{number}.weights" for number in numbers}


def test_alexeyabs_lines(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run(small_options(tmp_path, max_batches=2, subdivisions=2, log_style="darknet"))
    out, err = capsys.readouterr()
    assert out.endswith(
        "\n batch = 64, steps = 16, streams = 4, subdivisions = 2, text_size = 76 \n"
        " global_batch = 128 \n"
    )
    lines = err.splitlines()
    assert "mini_batch = 64, batch = 128, time_steps = 16, train = 1 \n" in out
    assert "small" in lines
    first = lines.index("Learning Rate: 0.5, Momentum: 0.9, Decay: 0.0001")
    number = r"\d+\.\d{6}"
    pattern = rf"(\d): ({number}), ({number}) avg, 0\.500000 rate, {number} seconds, (\S+) epochs"
    matches = [re.fullmatch(pattern, line) for line in lines[first + 1 :]]
    passes = [match.groups() for match in matches if match]
    assert [(first, epochs) for first, _, _, epochs in passes] == [
        (str(n), f"{n * 64 / 76:f}") for n in (1, 2, 3, 4)
    ]
    others = [line for line, match in zip(lines[first + 1 :], matches, strict=True) if not match]
    assert others[1:] == [f"Saving weights to {tmp_path / 'backup' / 'small_final.weights'}"]
    assert others[0].startswith(f"{tmp_path / 'small.cfg'}: 76 symbols")
    losses, averages = ([float(one[column]) for one in passes] for column in (1, 2))
    assert averages[0] == losses[0]
    assert averages[1] == pytest.approx(0.9 * averages[0] + 0.1 * losses[1], abs=2e-6)
    # A row of results.csv is the mean of its passes.
    assert float(rows_of(tmp_path)[0]["loss"]) == pytest.approx(sum(losses[:2]) / 2, abs=1e-5)


def test_pjreddies_lines(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run(small_options(tmp_path, max_batches=1, fork="pjreddie", log_style="darknet"))
    out, err = capsys.readouterr()
    assert "text_size" not in out
    line = "Learning Rate: 0.5, Momentum: 0.9, Decay: 0.0001, Inputs: 128 128 16"
    assert line in err.splitlines()


def test_tokens_are_read_as_numbers(tmp_path: Path) -> None:
    options = small_options(tmp_path, max_batches=1, tokenized=True)
    Path(options.data).write_text(" ".join(map(str, range(100))))
    source = task.open_text(options, DistributedContext(), CPU).task.source
    assert source.codes.tolist() == list(range(100))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "t.txt: is empty"),
        ("sixteen symbols.", "t.txt: 16 symbols, expected more than time_steps=16; take"),
        ("a café, and more than enough of it", "symbol 195 at index 5, the network knows 0 to 127"),
    ],
)
def test_texts_that_cannot_be_learnt(tmp_path: Path, text: str, message: str) -> None:
    options = small_options(tmp_path)
    Path(options.data).write_text(text)
    with pytest.raises(DataError, match=message):
        run(options)


def test_what_is_missing_is_named(tmp_path: Path) -> None:
    options = small_options(tmp_path)
    with pytest.raises(DataError, match="none.txt: no such file; name the text with -file"):
        run(replace(options, data="none.txt"))
    with pytest.raises(OutputError, match="cannot be made: .*; give another --backup"):
        run(replace(options, backup=f"{options.data}/backup"))
    with pytest.raises(WeightsError, match="so nothing to resume; leave --resume out"):
        run(replace(options, resume=True))
    with pytest.raises(DarknetError, match="max_batches: is 0, expected how many updates"):
        run(small_options(tmp_path, max_batches=0))


def test_a_single_stream_cannot_be_normalised(tmp_path: Path) -> None:
    layers = "[rnn]\noutput=9\nhidden=7\nbatch_normalize=1"
    with pytest.raises(DarknetError, match="of 7 channels gets a single value for each.* raise ba"):
        run(small_options(tmp_path, subdivisions=8, layers=layers))


def test_detection_networks_are_sent_to_their_command(tmp_path: Path) -> None:
    options = small_options(tmp_path)
    Path(options.cfg).write_text(
        "[net]\nwidth=8\nheight=8\nchannels=3\nmax_batches=2\n"
        "[convolutional]\nfilters=18\nsize=1\nactivation=linear\n[yolo]\nclasses=1\nnum=3\n"
    )
    with pytest.raises(DarknetError, match="has a detection head; .* `darknet-py detector train`"):
        run(options)


def test_a_loss_that_is_not_finite_names_no_images(tmp_path: Path) -> None:
    options = small_options(tmp_path)
    text = Path(options.cfg).read_text().replace("learning_rate=.5", "learning_rate=1e37")
    Path(options.cfg).write_text(text)
    with pytest.raises(DarknetError, match="lower learning_rate or raise burn_in$"):
        run(options)


def test_sequences_are_never_halved(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Half of the time-major rows would be other streams."""

    def greedy(*_: Any) -> float:
        raise torch.OutOfMemoryError("too much")

    monkeypatch.setattr(Trainer, "_learn", greedy)
    with pytest.raises(DarknetError, match="with 128 inputs at once.* make time_steps, or"):
        run(small_options(tmp_path))
