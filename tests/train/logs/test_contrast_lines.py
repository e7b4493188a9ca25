"""The lines of a [contrastive] loss, as the C program's formats give them."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from support.one_update import UPDATE

from darknet_py.losses.head_loss import HeadLoss
from darknet_py.network.graph import read_graph
from darknet_py.train.logs.contrast_lines import ContrastLines
from darknet_py.train.logs.darknet_log import DarknetLog
from darknet_py.train.logs.darknet_start import StartFacts

LOSS = HeadLoss(torch.zeros(4, 1), 1.5, {"accuracy": 66.0, "all": 3.0, "good": 2.0})


def test_a_sub_batch() -> None:
    said = [(piece.text, piece.on_stderr) for piece in ContrastLines().of_loss(LOSS)]
    assert said == [
        (" Contrast accuracy = 66.000000 %, all = 3, good = 2, same = 3, diff = 3 \n", False),
        (" contrastive loss = 1.500000 \n\n", False),
    ]


def test_the_average_starts_from_0_and_leaves_out_what_was_not_compared() -> None:
    lines, averages = ContrastLines(), []
    for accuracy in (50.0, -1.0, 100.0):
        list(lines.of_loss(HeadLoss(LOSS.delta, 0.0, {**LOSS.metrics, "accuracy": accuracy})))
        averages += [piece.text for piece in lines.of_update()]
    numbers = ("0.500000", "0.500000", "1.495000")
    assert averages == [f"  avg_contrastive_acc = {number} \n" for number in numbers]


@pytest.mark.parametrize("net", ["contrastive=1\nbatch=2", "contrastive=0"])
def test_where_they_stand_in_the_log(
    tmp_path: Path, net: str, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "c.cfg"
    path.write_text(
        f"[net]\nwidth=8\nheight=8\nchannels=3\n{net}\n[avgpool]\n[contrastive]\nclasses=3\n"
    )
    log = DarknetLog(StartFacts(read_graph(path), 100, "classifier"))
    log.start([])
    threads = " Create 1 permanent" if net.startswith("contrastive=1") else " Create 32 permanent"
    assert threads in capsys.readouterr().err
    log.heads({1: LOSS})
    assert capsys.readouterr().out.endswith(" contrastive loss = 1.500000 \n\n")
    log.update(UPDATE)
    lines = capsys.readouterr().out.splitlines(keepends=True)
    assert lines[0].startswith("12, 7.680: 3.250000")
    assert lines[1:] == (
        ["  avg_contrastive_acc = 0.660000 \n"] if net.startswith("contrastive=1") else []
    )
