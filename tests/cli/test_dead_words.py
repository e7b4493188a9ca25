"""Commands that are no more say what they were; every other word of the programs has its flags."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from darknet_py.cli.command_table import COMMANDS, GROUPS
from darknet_py.cli.darknet_flags import FLAGS, WORDS
from darknet_py.cli.dead_words import DEAD
from darknet_py.cli.main import main

PROGRAMS = {
    "alexeyab": "average yolo voxel super detector detect cifar go rnn vid coco classify art tag "
    "classifier compare dice writing 3d test captcha nightmare rgbgr reset denormalize statistics "
    "normalize rescale ops speed oneoff partial visualize imtest",
    "pjreddie": "average yolo super lsd detector detect cifar go rnn coco classify classifier "
    "regressor isegmenter segmenter art tag 3d test nightmare rgbgr reset denormalize statistics "
    "normalize rescale ops speed oneoff oneoff2 print partial visualize mkimg imtest",
    "hank.ai": "3d average calcanchors cfglayers denormalize detect detector help imtest map "
    "nightmare normalize oneoff ops partial rescale reset rgbgr speed statistics test version "
    "visualize",
}


def run(*words: str) -> tuple[int, str]:
    result = CliRunner().invoke(main, list(words))
    return result.exit_code, result.stderr


@pytest.mark.parametrize("words", DEAD)
@pytest.mark.parametrize("rest", [[], ["x.cfg", "-i", "0"]])
def test_one_line_says_what_it_was(words: str, rest: list[str]) -> None:
    code, said = run(*words.split(), *rest)
    assert (code, said.count("\n")) == (1, 1)
    assert said.startswith(f"darknet-py: error: '{words}' is no command any more: ")
    assert words not in COMMANDS and words not in GROUPS


def test_flags_may_stand_before_it() -> None:
    assert run("-nogpu", "imagenet", "test")[0] == 1
    assert "'classifier gun' is no command any more" in run("classifier", "-c", "0", "gun")[1]


def test_two_files_can_be_compared_whatever_they_are_called(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert "is no command any more" in run("compare", "train", "valid")[1]
    Path("train").write_text("[]")
    assert "is no command any more" not in run("compare", "train", "valid")[1]


@pytest.mark.parametrize("program", PROGRAMS)
def test_every_word_has_flags_or_is_dead(program: str) -> None:
    for word in PROGRAMS[program].split():
        # `compare` is a command of ours; C's four have rows of their own.
        assert word in DEAD or word in WORDS or word in FLAGS or word == "compare", word


@pytest.mark.parametrize("words", ["yolo8 train a b", "-i 0 segment train", "foo train x y"])
def test_a_word_that_nobody_knows_is_never_passed_over(words: str) -> None:
    code, said = run(*words.split())
    unknown = next(word for word in words.split() if word not in ("-i", "0"))
    assert code == 2 and f"no command '{unknown}'" in said
