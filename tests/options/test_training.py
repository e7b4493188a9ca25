"""Options of the training commands."""

from __future__ import annotations

from darknet_py.options.flag import flags_of
from darknet_py.options.training import (
    ClassifierTrainOptions,
    DetectorTrainOptions,
    TextTrainOptions,
)


def test_what_is_trained_and_from_what() -> None:
    assert DetectorTrainOptions(data="d", cfg="c").kind == "detector"
    assert ClassifierTrainOptions(data="d", cfg="c").kind == "classifier"
    assert TextTrainOptions(cfg="c").kind == "rnn"
    assert TextTrainOptions(cfg="c").data == "data/shakespeare.txt"


def test_each_kind_asks_for_evaluation_in_its_own_word() -> None:
    words = [
        flags_of(kind)["evaluates"].spellings
        for kind in (DetectorTrainOptions, ClassifierTrainOptions)
    ]
    assert words == [("--map",), ("--topk",)]
    assert "evaluates" not in flags_of(TextTrainOptions)
    assert flags_of(DetectorTrainOptions)["sync_batchnorm"].spellings == ("--sync_bn",)
