"""classify and the classifier commands: both programs' lines, lists, and bad input in one line."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import torch
from click.testing import CliRunner, Result
from support.tiny_classifier import CFG, files

from darknet_py import Network
from darknet_py.cli.main import main

ORDER = ("star", "circle", "square")
"""What the network of these tests always says, the likeliest first."""
SHARES = ("0.665241", "0.244728", "0.090031")


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working folder: t.cfg, t.weights, t.data and its lists."""
    files(tmp_path, train=3, valid=6)
    save(tmp_path, "t.cfg")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def save(folder: Path, cfg: str) -> None:
    """Weights with which the network says the same of every image."""
    network = Network.from_cfg(folder / cfg)
    with torch.no_grad():
        for index in range(3):
            for name, tensor in network.own(index).items():
                # Kernels of nothing but zeros are warned of.
                tensor.fill_(1e-30 if name == "weights" else 0)
        network.own(2)["biases"].copy_(torch.tensor([2.0, 1.0, 3.0]))
    network.save_weights(folder / "t.weights")


def darknet(*words: str, stdin: str | None = None) -> Result:
    return CliRunner().invoke(main, [*words, "-nogpu"], input=stdin)


def classifier(word: str, *words: str, stdin: str | None = None) -> Result:
    return darknet("classifier", word, "t.data", "t.cfg", "t.weights", *words, stdin=stdin)


def test_predict_prints_alexeyabs_lines() -> None:
    result = classifier("predict", "star_2.png")
    assert result.exit_code == 0
    lines = result.stdout.splitlines()
    assert lines[:2] == [" classes = 3, output in cfg = 3 ", "24 24"]
    assert re.fullmatch(r"star_2\.png: Predicted in \d+\.\d{6} milli-seconds\.", lines[2])
    assert lines[3:] == [f"star: {SHARES[0]}", f"circle: {SHARES[1]}"]


def test_predict_prints_pjreddies_lines() -> None:
    result = classifier("predict", "star_2.png", "-t", "3", "--fork", "pjreddie")
    assert result.stdout.splitlines() == ["66.52%: star", "24.47%: circle", " 9.00%: square"]
    assert re.fullmatch(r"star_2\.png: Predicted in \d+\.\d{6} seconds\.\n", result.stderr)


def test_another_number_of_names_is_a_warning(here: Path) -> None:
    (here / "t.names").write_text("one\n")
    result = classifier("predict", "star_2.png")
    warning = "t.names: has 1 names, the network has classes=3; class numbers stand in"
    assert (result.exit_code, result.stderr.count(warning)) == (0, 1)
    assert result.stdout.splitlines()[3:] == [f"2: {SHARES[0]}", f"one: {SHARES[1]}"]


def test_more_guesses_than_classes_are_all_classes() -> None:
    assert len(classifier("predict", "star_2.png", "-t", "9").stdout.splitlines()) == 3 + 3


def test_paths_are_asked_for_without_images() -> None:
    result = classifier("predict", stdin="star_2.png\n\ncircle_0.png\n")
    prompt = "Enter Image Path: "
    assert result.stdout.count(prompt) == 4  # after the last line and the empty one as well
    assert f"{prompt}24 24\nstar_2.png: Predicted" in result.stdout
    assert "circle_0.png: Predicted" in result.stdout
    assert result.stdout.endswith("\n")


def test_several_images_and_one_that_is_none(here: Path) -> None:
    (here / "bad.png").write_text("no image")
    result = classifier("predict", "star_2.png", "bad.png", "none.png", "circle_0.png")
    assert result.exit_code == 1
    assert result.stdout.count("Predicted in") == 2
    assert "bad.png: not an image" in result.stderr
    assert "none.png: no such file" in result.stderr


def test_classify_takes_names_from_beside_the_cfg() -> None:
    lines = darknet("classify", "t.cfg", "t.weights", "star_2.png").stdout.splitlines()[3:]
    assert lines == [f"{name}: {share}" for name, share in zip(ORDER, SHARES, strict=True)]


def test_classify_takes_other_names(here: Path) -> None:
    (here / "x.names").write_text("x\ny\nz\n")
    words = ("classify", "t.cfg", "t.weights", "star_2.png", "--names", "x.names", "-t", "1")
    assert darknet(*words).stdout.splitlines()[3:] == [f"z: {SHARES[0]}"]


def test_down_a_tree_alexeyab_names_parents_and_pjreddie_leaves(here: Path) -> None:
    (here / "t.tree").write_text("circle -1\nsquare -1\nstar 0\n")
    (here / "t.cfg").write_text(CFG.rstrip() + "\ntree=t.tree\n")
    save(here, "t.cfg")
    lines = classifier("predict", "star_2.png", "-t", "3").stdout.splitlines()[3:]
    assert lines == [
        "0, circle: 0.731059, parent: Root ",
        "2, star: 0.731059, parent: circle ",
        "1, square: 0.268941, parent: Root ",
    ]
    leaves = classifier("predict", "star_2.png", "-t", "2", "--fork", "pjreddie").stdout
    assert leaves.splitlines() == ["73.11%: star", "26.89%: square"]


def test_valid_prints_running_metrics_as_alexeyab() -> None:
    result = classifier("valid")
    assert result.exit_code == 0
    assert result.stdout == (
        " TOP calculation...\n"
        "\n0: top 1: 0.000000, top 2: 1.000000"
        "\n1: top 1: 0.000000, top 2: 0.500000"
        "\n2: top 1: 0.333333, top 2: 0.666667"
        "\n3: top 1: 0.250000, top 2: 0.750000"
        "\n4: top 1: 0.200000, top 2: 0.600000"
        "\n5: top 1: 0.333333, top 2: 0.666667\n"
    )


def test_valid_names_each_image_as_pjreddie(here: Path) -> None:
    lines = classifier("valid", "--fork", "pjreddie", "-t", "1").stdout.splitlines()
    assert lines[0] == f"{here}/circle_3.png, 0, {SHARES[1]}, {SHARES[2]}, "
    assert lines[1] == "0: top 1: 0.000000, top 1: 0.000000"
    assert len(lines) == 12


@pytest.mark.parametrize("way", ["valid10", "validfull", "validmulti"])
def test_other_ways_print_a_line_an_image(way: str) -> None:
    lines = classifier(way).stdout.splitlines()
    assert len(lines) == 6
    assert lines[-1] == "5: top 1: 0.333333, top 2: 0.666667"


def test_validcrop_prints_a_line_a_part() -> None:
    result = classifier("validcrop")
    line = r"1: top 1: 0\.333333, top 2: 0\.666667, \d+\.\d{6} seconds, 6 images\n"
    assert re.fullmatch(line, result.stdout)


def test_images_without_just_one_label_are_warned_of(here: Path) -> None:
    (here / "labels.list").write_text("circle_\nstar\nircle\n")
    result = classifier("valid")
    message = "warning: 4 of 6 images have not just one label, the first is"
    assert message in result.stderr
    assert "circle_3.png: 2 labels match: 'circle_', 'ircle'" in result.stderr


def test_leaves_of_the_data_file_limit_the_answers(here: Path) -> None:
    (here / "t.tree").write_text("circle -1\nsquare -1\nstar 0\n")
    (here / "t.cfg").write_text(CFG.rstrip() + "\ntree=t.tree\n")
    save(here, "t.cfg")
    (here / "leaves.list").write_text("square\n")
    with (here / "t.data").open("a") as file:
        file.write(f"\nleaves={here}/leaves.list\n")
    result = classifier("valid", "-t", "1")
    assert "Found 1 leaves." in result.stderr
    assert result.stdout.splitlines()[-1] == "5: top 1: 0.333333, top 1: 0.333333"
    (here / "leaves.list").write_text("squares\n")
    assert "leaves.list:1: 'squares' is no class of the tree" in classifier("valid").stderr


def test_test_label_and_csv_print_a_line_an_image(here: Path) -> None:
    first = f"{here}/circle_3.png"
    scores = classifier("test").stdout.splitlines()
    assert len(scores) == 6
    assert scores[0] == f"{first}\t0.244728\t0.0900306\t0.665241"
    assert classifier("label").stdout.splitlines() == ["star"] * 6
    assert classifier("csv").stdout.splitlines()[0] == f"{first}\t2\t0"


DETECTOR = """[net]
width=24
height=24
channels=3
[convolutional]
filters=16
size=1
[yolo]
classes=3
num=2
mask=0,1
anchors=1,1,2,2
"""


@pytest.mark.parametrize(
    ("file", "text", "words", "message"),
    [
        ("t.data", "classes=4\n", ("valid",), "t.data: classes=4, the last layer of t.cfg gives 3"),
        (
            "t.data",
            "classes=3\nvalid=none.list\n",
            ("valid",),
            "has no labels=, and there is no data/labels.list",
        ),
        ("t.cfg", DETECTOR, ("valid",), r"ends in [yolo]; use `darknet-py detect`"),
        ("t.cfg", "[net]\ninputs=9\n[connected]\noutput=3\n", ("valid",), "reads no images"),
        ("valid.list", "none.png\n", ("valid",), "none.png: no such file"),
    ],
)
def test_bad_input_is_one_line(
    here: Path, file: str, text: str, words: tuple[str, ...], message: str
) -> None:
    (here / file).write_text(text)
    result = classifier(*words)
    assert result.exit_code == 1
    assert message in result.stderr
    assert "Traceback" not in result.output
