"""classifier train and rnn train by the words of the command line, to a network that has learnt."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from support.small_classifier import LEARNABLE
from support.small_text import CFG, TEXT
from support.tiny_classifier import files

from darknet_py.cli.main import main
from darknet_py.options.training import (
    ClassifierTrainOptions,
    DetectorTrainOptions,
    TextTrainOptions,
    TrainOptions,
)


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def darknet(*words: str) -> Result:
    return CliRunner().invoke(main, [*words, "-nogpu"])


def test_a_classifier_learns_drawn_shapes(tmp_path: Path) -> None:
    files(tmp_path, train=60, valid=30)
    Path("t.cfg").write_text(LEARNABLE)
    words = ("classifier", "train", "t.data", "t.cfg", "-topk", "-dont_show", "-workers", "0")
    result = darknet(*words)
    assert result.exit_code == 0, result.output
    assert "100/100  loss " in result.stdout
    assert "accuracy top2 = 1.000000\n" in result.stdout
    evaluated = darknet("classifier", "valid", "t.data", "t.cfg", "backup/t_best.weights")
    last = evaluated.stdout.splitlines()[-1].split()
    assert last[:3] == ["29:", "top", "1:"]
    assert float(last[3].strip(",")) > 0.9
    shown = darknet(
        "classifier", "predict", "t.data", "t.cfg", "backup/t_final.weights", "star_32.png"
    )
    assert shown.stdout.splitlines()[3].startswith("star: 0.9")


def test_a_recurrent_net_learns_to_recite() -> None:
    Path("r.cfg").write_text(CFG.format(max_batches=200, subdivisions=1, net="", layers=""))
    Path("t.txt").write_text(TEXT)
    trained = darknet("rnn", "train", "r.cfg", "-file", "t.txt", "-seed", "1")
    assert trained.exit_code == 0, trained.output
    result = darknet(
        *("rnn", "generate", "r.cfg", "backup/r_final.weights"),
        *("-seed", TEXT[:9], "-len", str(2 * len(TEXT) - 9), "-temp", ".2", "-srand", "1"),
    )
    assert result.stdout == TEXT * 2 + "\n"


def test_training_goes_on_from_weights_or_a_state() -> None:
    Path("r.cfg").write_text(CFG.format(max_batches=9, subdivisions=1, net="", layers=""))
    Path("t.txt").write_text(TEXT)
    words = ("rnn", "train", "r.cfg", "-file", "t.txt", "-backup", "kept")
    assert "stopped at iteration 5" in darknet(*words, "-iterations", "5").stdout
    assert "continues after iteration 5" in darknet(*words, "-resume").stdout
    over = darknet(*words[:3], "kept/r_final.weights", *words[3:])
    assert over.exit_code == 0  # as in Darknet, which writes the weights again
    assert "is at iteration 9, so training is over; to go on raise max_batches, or" in over.stdout
    assert "done: kept/r_final.weights" in over.stdout
    assert "9 iterations from 0" in darknet(*words, "kept/r_final.weights", "-clear").stdout


@pytest.mark.parametrize("kind", ["detector", "classifier", "rnn"])
def test_help_is_there_and_names_what_has_no_effect(kind: str) -> None:
    text = CliRunner().invoke(main, [kind, "train", "--help"]).stdout
    assert "--resume" in text
    assert ("--topk" in text) == (kind == "classifier")
    assert ("--map " in text) == (kind == "detector")
    assert ("--tokenized" in text) == (kind == "rnn")


@pytest.mark.parametrize("seed", ["-1", str(2**64)])
@pytest.mark.parametrize(
    "words",
    [
        "train", "detector train", "classifier train", "rnn train", "detector calc_anchors",
        "benchmark", "data sheet", "data shapes",
    ],
)  # fmt: skip
def test_seeds_out_of_range(words: str, seed: str) -> None:
    result = CliRunner().invoke(main, [*words.split(), "--seed", seed])
    assert result.exit_code == 2
    assert f"{seed} is not in the range 0<=x<=18446744073709551615" in result.stderr


def test_errors_are_one_line() -> None:
    files(Path(), train=3, valid=3)
    Path("t.txt").write_text(TEXT)
    for words in (["classifier", "train", "t.data", "t.txt"], ["rnn", "train", "t.cfg"]):
        result = darknet(*words)
        assert result.exit_code == 1
        assert result.stdout == ""
        assert result.stderr.startswith("darknet-py: error: ")
        assert result.stderr.count("\n") == 1


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[TrainOptions]:
    """What trainings are asked to do, which then end with 5."""
    seen: list[TrainOptions] = []
    monkeypatch.setattr("darknet_py.train.command.run", lambda options: seen.append(options) or 5)
    return seen


@pytest.mark.parametrize("words", [("train",), ("detector", "train")], ids=" ".join)
def test_every_flag_of_a_training_reaches_it(
    words: tuple[str, ...], asked: list[TrainOptions]
) -> None:
    text = """-max_batches 9 -clear -resume -map -mAP_epochs 3 -thresh .3 -iou_thresh .6 -seed 4
    -iterations 8 -fork pjreddie -device mps -precision bf16 -compile -exact -sync_bn -workers 2
    -cache -show_imgs -dont_show -mjpeg_port 8090 -log-style live"""
    result = CliRunner().invoke(main, [*words, "a.data", "a.cfg", "a.weights", *text.split()])
    assert result.exit_code == 5, result.output
    expected = DetectorTrainOptions(
        data="a.data",
        cfg="a.cfg",
        weights="a.weights",
        max_batches=9,
        clear=True,
        resume=True,
        evaluates=True,
        epochs=3,
        thresh=0.3,
        iou_thresh=0.6,
        seed=4,
        iterations=8,
        fork="pjreddie",
        device="mps",
        precision="bf16",
        compiled=True,
        exact=True,
        sync_batchnorm=True,
        workers=2,
        cache=True,
        show_imgs=True,
        log_style="live",
    )
    assert [replace(one, gpu=None) for one in asked] == [expected]


def test_without_flags_a_training_has_its_defaults(
    asked: list[TrainOptions], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("DARKNET_PY_LOG_STYLE")
    for words in (("train", "d", "c"), ("classifier", "train", "d", "c"), ("rnn", "train", "c")):
        assert CliRunner().invoke(main, [*words]).exit_code == 5
    assert asked == [
        DetectorTrainOptions(data="d", cfg="c"),
        ClassifierTrainOptions(data="d", cfg="c"),
        TextTrainOptions(cfg="c"),
    ]


def test_several_devices_get_a_process_each(
    asked: list[TrainOptions], monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[list[int]] = []
    monkeypatch.setattr("torch.cuda.device_count", lambda: 4)
    monkeypatch.setattr(
        "darknet_py.distributed.launch.relaunch", lambda numbers: started.append(numbers) or 6
    )
    assert CliRunner().invoke(main, ["train", "d", "c", "-gpus", "3,1"]).exit_code == 6
    assert (started, asked) == ([[3, 1]], [])
    assert CliRunner().invoke(main, ["train", "d", "c", "-gpus", "2"]).exit_code == 5
    assert [one.gpu for one in asked] == [2]
