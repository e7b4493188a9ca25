"""Commands x flags of the three programs: each has an effect or a reason, none is unknown."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from darknet_py.cli.command_table import COMMANDS
from darknet_py.cli.darknet_flags import BARE, FLAGS, group_of
from darknet_py.cli.flag_table import flag_rows
from darknet_py.cli.main import main
from darknet_py.cli.option_words import fold

SOURCES = Path(__file__).resolve().parent / "program_flags.txt"
ROWS = [row.split() for row in SOURCES.read_text().splitlines() if not row.startswith("#")]


def known(group: str) -> dict[str, bool]:
    """Folded name -> whether a value follows."""
    return {
        fold(other): flag.takes_value
        for name, flag in FLAGS[group].items()
        for other in (name, *flag.also)
    }


@pytest.mark.parametrize("row", ROWS, ids=lambda row: " ".join(row[:3]))
def test_what_the_programs_read_is_known(row: list[str]) -> None:
    _, group, *flags = row
    for each in FLAGS if group == "*" else [group]:
        read = {fold(flag.rstrip("=")): flag.endswith("=") for flag in flags}
        assert {name: known(each).get(name) for name in read} == read


def test_nothing_is_known_that_no_program_reads() -> None:
    for group, flags in FLAGS.items():
        read = {fold(flag.rstrip("=")) for row in ROWS for flag in row[2:]}
        assert {fold(name) for name in flags} <= read, group


def test_bare_flags_are_hank_ais() -> None:
    read = {fold(flag.rstrip("=")).lower() for row in ROWS if row[0] == "H" for flag in row[2:]}
    assert read >= BARE


@pytest.mark.parametrize("group", FLAGS)
def test_each_command_and_flag_is_in_the_table_once(group: str) -> None:
    commands = [words for words in COMMANDS if group_of(words) == group]
    rows = flag_rows(group)
    assert [row.name for row in rows] == [*FLAGS[group]]
    for row in rows:
        assert sorted((*row.effect, *row.silent)) == sorted(commands)
        assert row.flag.reason


def test_the_table_can_be_printed() -> None:
    result = CliRunner().invoke(main, ["help", "flags"])
    assert result.exit_code == 0
    thresh = next(line for line in result.stdout.splitlines() if line.startswith("  -thresh,"))
    assert "effect: detect, detector test, detector demo, map" in thresh
    assert "no effect elsewhere: this command does not read it, as in Darknet" in thresh
    assert sum(line.startswith("  -i VALUE") for line in result.stdout.splitlines()) >= 4
    log = next(line for line in result.stdout.splitlines() if line.startswith("  -log"))
    assert "everywhere: a copy of what is printed" in log


def test_an_effect_is_an_option_of_the_command() -> None:
    rows = {row.name: row for row in flag_rows("detector")}
    assert rows["saveweights"].effect == ("train", "detector train")
    assert rows["skipclasses"].effect == ("detect", "detector test")
    assert rows["dont_show"].effect == ("detector demo",)
    assert rows["h"].effect == ("detect", "detector test", "detector demo")
    assert rows["avgframes"].effect == ()
