"""Darknet's flags on all words of a group, stray numbers, unknown flags, those before the word."""

from __future__ import annotations

from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result

from darknet_py.cli.command_table import COMMANDS
from darknet_py.cli.darknet_argv import command_first, read_argv
from darknet_py.cli.darknet_flags import FLAGS, flags_of_command
from darknet_py.cli.main import main
from darknet_py.cli.option_words import fold


@click.command()
@click.argument("data")
@click.argument("cfg", required=False)
@click.option("--thresh", type=float)
@click.option("--clear", is_flag=True)
@click.option("-i", "gpu", type=int)
@click.option("--worst", nargs=2)
def fixed(**choices: object) -> None:
    """A command that reads two words."""


@click.command()
@click.argument("images", nargs=-1)
def endless(images: tuple[str, ...]) -> None:
    """A command that reads any number of words."""


def read(words: str, command: click.Command = fixed) -> str:
    return " ".join(read_argv(words.split(), command, FLAGS["detector"])[0])


@pytest.mark.parametrize(
    ("written", "kept", "said"),
    [
        ("a.data -thresh .5 b.cfg", "a.data -thresh .5 b.cfg", ""),
        ("a.data -worst 2 d b.cfg -i -1", "a.data -worst 2 d b.cfg -i -1", ""),
        ("a.data -threshold .5", "a.data -thresh .5", ""),
        (
            "-dont_show a.data -noshow -dont-show",
            "a.data",
            "darknet-py: -dont_show: no effect: only demo opens a window\n"
            "darknet-py: -noshow: no effect: only demo opens a window\n"
            "darknet-py: -dont-show: no effect: only demo opens a window\n",
        ),
        ("-dont_show a.data -dont_show", "a.data", "-dont_show: no effect: only demo"),
        (
            "a.data -out log.txt b.cfg",
            "a.data b.cfg",
            "-out: no effect: this command does not read",
        ),
        (
            "a.data -out=log.txt b.cfg",
            "a.data b.cfg",
            "-out: no effect: this command does not read",
        ),
        ("a.data -out", "a.data", "-out: no effect: this command does not read"),
        ("a.data -clear 1 b.cfg", "a.data -clear b.cfg", "-clear 1: the flag takes no value"),
        ("a.data -clear 0", "a.data -clear", "-clear 0: the flag takes no value"),
        ("a.data -clear 7.jpg", "a.data -clear 7.jpg", ""),
        ("a.data -clear 7", "a.data -clear 7", ""),
        ("a.data -map 1", "a.data", "-map 1: the flag takes no value"),
        (
            "a.data -gpu 0 b.cfg",
            "a.data b.cfg",
            "darknet-py: warning: -gpu 0: unknown option, it has no effect; did you mean '-gpus'?",
        ),
        (
            "a.data -clera",
            "a.data",
            "-clera: unknown option, it has no effect; did you mean '-clear'",
        ),
        ("a.data -qqqqqq b.cfg", "a.data b.cfg", "-qqqqqq: unknown option, it has no effect\n"),
        ("a.data b.cfg c.weights", "a.data b.cfg", "darknet-py: 'c.weights': nothing more is read"),
        ("a.data -- -clera c d", "a.data -- -clera c d", ""),
        ("--help", "--help", ""),
    ],
)
def test_words(written: str, kept: str, said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert read(written) == kept
    error = capsys.readouterr().err
    assert said in error and bool(said) == bool(error)
    assert len(error.splitlines()) == len({*error.splitlines()}), "each line once"


def test_any_number_of_words(capsys: pytest.CaptureFixture[str]) -> None:
    assert read("a -thresh .5 b c", endless) == "a b c"
    assert "nothing more" not in capsys.readouterr().err


def test_strict_refuses_what_nobody_knows(capsys: pytest.CaptureFixture[str]) -> None:
    assert read("a.data --strict -dont_show") == "a.data"
    with click.Context(fixed), pytest.raises(click.UsageError, match="-clera: unknown option"):
        read("a.data --strict -clera")


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("-i 0 detector test", "detector -i 0 test"),
        ("-map -dont_show test a", "test -map -dont_show a"),
        ("-log test.txt test a", "test -log test.txt a"),
        ("--fork pjreddie test a", "test --fork pjreddie a"),
        ("-thresh=.4 test a", "test -thresh=.4 a"),
        ("nonsense test a", "nonsense test a"),
        ("-nogpu imagenet test", "imagenet -nogpu test"),
        ("-i 0", "-i 0"),
        ("", ""),
    ],
)
def test_options_before_the_word(written: str, expected: str) -> None:
    assert command_first(written.split(), ["detector", "test"]) == expected.split()


def run(*words: str) -> Result:
    return CliRunner().invoke(main, list(words))


@pytest.mark.parametrize("words", ["yolov1 train x", "-nogpu yolov1 test", "-i 0 yolov1 train"])
def test_a_word_that_is_none_is_named(words: str) -> None:
    result = run(*words.split())
    assert (result.exit_code, result.output.count("\n")) == (2, 1)
    assert "no command 'yolov1'" in result.stderr


def test_a_line_end_of_windows_is_no_part_of_a_word() -> None:
    assert "gone.cfg: no such file" in run("ops", "gone.cfg\r").stderr


def test_every_darknet_word_has_its_flags() -> None:
    ours = {words for words in COMMANDS if flags_of_command(words) is None}
    assert ours == {
        *("compare", "compare runs", "eval coco", "eval voc", "export", "summary", "check"),
        *("data shapes", "data video", "data sheet", "doctor", "benchmark", "serve", "download"),
        *("data import", "data export", "data split", "advise", "new-cfg", "convert"),
    }


def test_no_flag_has_two_meanings() -> None:
    for flags in FLAGS.values():
        names = [fold(name) for known, flag in flags.items() for name in (known, *flag.also)]
        assert len(names) == len({*names})
        assert all(flag.reason and not flag.reason.endswith(".") for flag in flags.values())
    for name in {name for flags in FLAGS.values() for name in flags}:
        assert len({flags[name].takes_value for flags in FLAGS.values() if name in flags}) == 1


@pytest.mark.parametrize("group", [group for group in FLAGS if group != "darknet"])
def test_every_word_of_a_group_takes_all_of_its_flags(group: str) -> None:
    """As in Darknet, whose words are looked at when its flags have been taken out."""
    for words in [words for words in COMMANDS if words.startswith(f"{group} ")]:
        command = main.get_command(click.Context(main), group)
        assert isinstance(command, click.Group)
        own = command.get_command(click.Context(command), words.split()[1])
        assert own is not None
        for name, flag in FLAGS[group].items():
            value = ["1"] if flag.takes_value else []
            kept, asked = read_argv([f"-{name}", *value, "a"], own, FLAGS[group])
            assert asked == ({name: "1"} if flag.everywhere else {})
            given = "--frame-height" if name == "h" else f"-{name}"
            assert kept in (["a"], [given, *value, "a"]), (words, name)


@pytest.mark.parametrize(
    "words",
    [
        ("detect", "a.cfg", "a.weights", "a.png", "-out", ""),
        ("map", "a.data", "a.cfg", "a.weights", "--curves", ""),
        ("map", "a.data", "a.cfg", "a.weights", "--worst", "3", ""),
        ("data", "shapes", "", "--images", "3"),
        ("detect", "", "a.weights", "a.png"),
    ],
)
def test_an_empty_path_is_not_the_working_folder(
    words: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    result = run(*words)
    assert result.exit_code == 2 and "an empty path; the working folder is '.'" in result.stderr
    assert [*tmp_path.iterdir()] == []


@pytest.mark.parametrize(
    "words",
    [
        "data shapes o --images 3 --width 1000000000",
        "map a b c --batch 1000000000",
        "map a b c --width 1000000000",
        "train a b --workers 1000000000",
        "check a --workers 1000000000",
        "detector calc_anchors a -num_of_clusters 1000000000",
        "benchmark a --threads 1000000000",
        "export a b --batch 1000000000",
    ],
)
def test_sizes_of_the_command_line_have_limits(words: str) -> None:
    result = run(*words.split())
    assert (result.exit_code, result.stderr.count("\n")) == (2, 1)
    assert "1000000000 is not in the range" in result.stderr
