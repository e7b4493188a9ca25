"""What layers are told of a training, and when nothing is made for them."""

from __future__ import annotations

import pytest
import torch
from support.layer_check import network
from support.small_step import CONV, HEAD, NET, data

from darknet_py.network.network import Network
from darknet_py.train.progress_source import ProgressSource
from darknet_py.train.sub_batch import owners

CPU = torch.device("cpu")
CBN = CONV + "cbn=1\n"
SHOWN = CONV + "assisted_excitation=1\n"


def source(net: Network) -> ProgressSource:
    return ProgressSource(net.graph, owners(net))


@pytest.mark.parametrize("fork", ["alexeyab", "pjreddie"])
def test_nothing_for_networks_that_read_nothing(fork: str) -> None:
    cfg = CONV + "[dropout]\n" if fork == "alexeyab" else CBN + "[dropout]\ndropblock=1\n"
    assert source(network(NET + cfg + HEAD, fork)).at(3, 1, data()[1], CPU) is None


def test_numbers_and_labels() -> None:
    truth = data()[1]
    progress = source(network(NET + SHOWN + HEAD)).at(3, 2, truth, CPU)
    assert progress is not None
    assert (progress.completed.item(), progress.part.item()) == (3.0, 2.0)
    assert torch.equal(progress.boxes, truth.reshape(4, 200, 6)[..., :4])
    assert progress.averages == {}


def test_labels_that_nobody_reads_stay_where_they_are() -> None:
    progress = source(network(NET + CBN + HEAD)).at(0, 1, data()[1], CPU)
    assert progress is not None and progress.boxes.shape == (4, 0, 4)


def test_averages_last_for_an_update() -> None:
    made, truth = source(network(NET + CONV + CBN + HEAD)), data()[1]
    first = made.at(0, 1, truth, CPU)
    assert first is not None and list(first.averages) == [1]
    first.averages[1].fill_(5.0)
    second = made.at(0, 2, truth, CPU)
    assert second is not None and second.averages[1].tolist() == [[5.0] * 4] * 2
    later = made.at(1, 1, truth, CPU)
    assert later is not None and later.averages[1].tolist() == [[0.0] * 4] * 2
