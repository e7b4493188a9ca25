"""segmenter, isegmenter and regressor from the command line, with Darknet's flags."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from support.colour_segmenter import colour_segmenter, squares
from support.masked_shapes import cfg_text, draw_files

from darknet_py.cli.main import main


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(words: str) -> Result:
    return CliRunner().invoke(main, words.split())


@pytest.mark.parametrize("group", ["segmenter", "isegmenter"])
def test_a_picture_with_the_flags_of_the_group(here: Path, group: str) -> None:
    squares(here)
    colour_segmenter(here, instances=group == "isegmenter")
    result = run(f"{group} test none.data c.cfg c.weights a.png -nogpu -clear -display -c 0")
    assert result.exit_code == 0, result.output
    assert result.stdout.startswith("Predicted: 0.000045\na.png: Predicted in ")
    assert [line for line in result.stderr.splitlines() if "no effect" in line] == [
        "darknet-py: -clear: no effect: only training reads it",
        "darknet-py: -display: no effect: only demo opens a window; --show_imgs writes a page of "
        "samples",
        "darknet-py: -c: no effect: only videos and cameras have it",
    ]
    assert (here / "predictions.jpg").exists()
    assert run(f"{group} test none.data c.cfg c.weights none.png -nogpu").exit_code == 1


@pytest.mark.parametrize("group", ["segmenter", "isegmenter", "regressor"])
def test_from_training_to_a_picture(here: Path, group: str) -> None:
    draw_files(here, 6)
    (here / "s.cfg").write_text(cfg_text(group, 2))
    result = run(f"{group} train s.data s.cfg -nogpu -clear --log-style darknet --workers 0")
    assert result.exit_code == 0, result.output
    assert re.search(r"^2, 2\.667: .* 16 images$", result.stdout, re.M)
    data = "" if group == "regressor" else "s.data "
    result = run(f"{group} test {data}s.cfg backup/s.weights images/0.png -nogpu")
    assert result.exit_code == 0, result.output
    assert re.match(r"(Predicted: -?\d+\.\d{6}\n)+images/0.png: Predicted in ", result.stdout)
    assert (here / "predictions.jpg").exists() == (group != "regressor")


def test_numbers_are_told_without_a_data_file(here: Path) -> None:
    result = run("regressor test s.data c.cfg c.weights a.png")
    assert result.exit_code == 2
    assert "takes no .data file, as in Darknet: CFG WEIGHTS IMAGE..." in result.stderr


def test_wrong_files_are_one_line(here: Path) -> None:
    colour_segmenter(here)
    for words, message in (
        ("segmenter test x.data none.cfg c.weights a.png", "none.cfg"),
        ("segmenter train none.data c.cfg", "none.data"),
        ("isegmenter test x.data c.cfg c.weights a.png", "use `segmenter`"),
        ("regressor test c.cfg c.cfg a.png", "c.cfg"),
    ):
        result = run(f"{words} -nogpu")
        assert result.exit_code == 1
        assert message in result.stderr and len(result.stderr.splitlines()) == 1
