"""What options of other programs are called here."""

from __future__ import annotations

import pytest
from click.testing import CliRunner

from darknet_py.cli.command_table import COMMANDS
from darknet_py.cli.flag_table import options_of_command
from darknet_py.cli.foreign_options import FOREIGN, option_hint
from darknet_py.cli.main import main
from darknet_py.cli.option_words import fold


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (
            "detect a b c --conf .3",
            "--conf .3: unknown option, it has no effect; did you mean '--thresh'?",
        ),
        ("detect a b c --iou .5", "did you mean '--nms'?"),
        ("map a b c --iou .5", "did you mean '--iou_thresh'?"),
        ("detect a b c --imgsz 640", "did you mean '--width'? and --height"),
        (
            "detect a b --source dog.jpg",
            "--source dog.jpg: unknown option, it has no effect; images are arguments",
        ),
        ("detect a b --model x.pt", "CFG and WEIGHTS are arguments, as in detect"),
        (
            "train a b --epochs 100",
            "did you mean '--max_batches'? training is counted in iterations",
        ),
        ("train a b --lr .01", "learning_rate= of [net] says it"),
        ("train a b --data x.yaml", "DATA is an argument, as in train DATA"),
        ("summary a --imgsz 640", "No such option: --imgsz; did you mean '--width'? and --height"),
        ("benchmark a --batch-size 4", "No such option: --batch-size; did you mean '--batch'?"),
        ("export a b --half", "No such option: --half; --precision fp16 or bf16 asks for it"),
        ("detect a b c --save-txt", "did you mean '--save_labels'?"),
        (
            "detect a b c --classes 0",
            "did you mean '--skipclasses'? it names the classes to leave out",
        ),
    ],
)
def test_hints(words: str, said: str) -> None:
    result = CliRunner().invoke(main, words.split())
    assert said in result.stderr
    assert "mAP_epochs" not in result.stderr


def test_likeness_is_for_what_has_no_row() -> None:
    assert option_hint("--tresh", ["--thresh"]) == "; did you mean '--thresh'?"
    assert option_hint("--zzzzzz", ["--thresh"]) == ""
    assert option_hint("-clera", ["--x"], ["-clear"]) == "; did you mean '-clear'?"
    assert option_hint("--output", ["--thresh"]) == "; --out of other commands means it"


def test_rows_name_options_that_are_there() -> None:
    there = {name for words in COMMANDS for name in options_of_command(words)}
    for name, row in FOREIGN.items():
        assert name == fold(name).lower() and (row.options or row.told)
        assert {fold(option) for option in row.options} <= there, name
