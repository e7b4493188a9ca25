"""`yolo` and `coco`: the C programs' numbers, their built-in data, and their files."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result
from support.tiny_detector import save
from support.yolov1_loop import (
    PlainBox,
    boxes_of,
    corners_in_pixels,
    overlap,
    raw_output,
    suppress,
)

from darknet_py.cfg.built_in_data import COCO_NAMES, VOC_NAMES
from darknet_py.cli.command_table import OTHER
from darknet_py.cli.main import main
from darknet_py.evaluate.formats.writing import COCO_IDS
from darknet_py.images.io import image_size

SIDE, NUM, CLASSES = 4, 2, 4
LABELS = {"COCO_val_7.png": "1 .5 .5 .4 .4\n0 .2 .3 .2 .2\n", "2012_12.png": "3 .7 .6 .5 .3\n"}


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, golden: Path) -> Path:
    """The working folder: a network with random weights and two labelled images."""
    for name in ("net.cfg", "net.weights"):
        shutil.copy(golden / "detection" / name, tmp_path / name)
    save(tmp_path, *LABELS)
    for name, text in LABELS.items():
        (tmp_path / name).with_suffix(".txt").write_text(text)
    (tmp_path / "images.txt").write_text("".join(f"{tmp_path / name}\n" for name in LABELS))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def darknet(*words: str, stdin: str | None = None) -> Result:
    return CliRunner().invoke(main, list(words), input=stdin)


def run(words: str, *more: str) -> Result:
    result = darknet(*words.split(), "net.cfg", "net.weights", *more, "-nogpu")
    assert result.exit_code == 0, result.output
    return result


def found(image: str, thresh: float, nms: float) -> list[PlainBox]:
    values = raw_output(Path("net.cfg"), Path("net.weights"), Path(image))
    rows = boxes_of(values, SIDE, NUM, CLASSES, thresh)
    if nms:
        suppress(rows, nms)
    return rows


@pytest.mark.parametrize("fork", ["alexeyab", "pjreddie"])
@pytest.mark.parametrize(
    ("word", "names", "picture"),
    [("yolo", VOC_NAMES, "predictions.jpg"), ("coco", COCO_NAMES, "prediction.jpg")],
)
def test_boxes_are_those_of_the_c_program(
    fork: str, word: str, names: tuple[str, ...], picture: str
) -> None:
    """Of the stretched image, above .2 and suppressed at .4; pjreddie's letterboxes in `detect`."""
    result = run(f"{word} test", "2012_12.png", "--fork", fork)
    first, *lines = result.stdout.splitlines()
    assert re.fullmatch(r"2012_12\.png: Predicted in \d\.\d{6} seconds\.", first)
    rows = found("2012_12.png", 0.2, 0.4)
    if fork == "alexeyab":  # in the order of cells, the best class of each box
        best = [max((p, c) for c, p in enumerate(row.scores)) for row in rows]
        assert lines == [f"{names[c]}: {100 * p:.0f}%" for p, c in best if p]
    else:
        scores = [(names[c], p) for row in rows for c, p in enumerate(row.scores) if p]
        assert sorted(lines) == sorted(f"{name}: {100 * p:.0f}%" for name, p in scores)
    assert Path(picture).is_file() and len(list(Path().glob("*.jpg"))) == 1


def test_options_of_test() -> None:
    run("yolo test", "2012_12.png", "-thresh", "1.5", "-nms", "0", "-out", "r.json")
    objects = json.loads(Path("r.json").read_text())[0]["objects"]
    rows = found("2012_12.png", 1.5, 0)
    assert len(objects) == sum(p > 0 for row in rows for p in row.scores) > 2
    run("yolo test", "2012_12.png", "-prefix", "out")
    assert Path("out.jpg").is_file()
    Path("own.names").write_text("ant\nbee\ncow\ndog\n")
    result = run("yolo test", "2012_12.png", "-names", "own.names")
    assert {line.split(":")[0] for line in result.stdout.splitlines()[1:]} == {
        "ant",
        "bee",
        "cow",
        "dog",
    }
    assert "the rest is not used" not in result.output


def test_names_that_are_too_many_are_said() -> None:
    result = run("yolo test", "2012_12.png", "-dont_show", "-c", "1")
    assert "warning: yolo test: has 20 names, the network has classes=4" in result.stderr
    assert "-c: no effect: only videos" in result.stderr


@pytest.mark.parametrize("fork", ["alexeyab", "pjreddie"])
def test_yolo_valid_writes_comp4_files(fork: str) -> None:
    run("yolo valid", "--valid", "images.txt", "--fork", fork)
    for c in range(CLASSES):
        expected = []
        for image in LABELS:
            for row in found(image, 0.001, 0.5):
                corners = corners_in_pixels(row.box, *image_size(image))
                expected += [(Path(image).stem, row.scores[c], *corners)] if row.scores[c] else []
        lines = Path(f"results/comp4_det_test_{VOC_NAMES[c]}.txt").read_text().splitlines()
        same([words(line.split()) for line in lines], expected)


def words(line: list[str]) -> tuple[str | float, ...]:
    return (line[0], *map(float, line[1:]))


def same(ours: list[tuple[str | float, ...]], theirs: list[tuple[str | float, ...]]) -> None:
    """The same rows of a name and numbers, in any order."""
    assert len(ours) == len(theirs) > 0
    for one, other in zip(sorted(ours), sorted(theirs), strict=True):
        assert one[0] == other[0]
        np.testing.assert_allclose(np.array(one[1:]), np.array(other[1:]), rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("fork", ["alexeyab", "pjreddie"])
def test_coco_valid_writes_json(fork: str) -> None:
    """Of the 80 classes' categories; image_id is the number behind the last _ in both programs."""
    run("coco valid", "--valid", "images.txt", "--results", "out", "--fork", fork)
    text = Path("out/coco_results.json").read_text()
    assert text.startswith('[\n{"image_id":7, "category_id":') and text.endswith("}\n]\n")
    ours = [
        (str(one["image_id"]), one["category_id"], one["score"], *one["bbox"])
        for one in json.loads(text)
    ]
    expected = []
    for image, number in zip(LABELS, ("7", "12"), strict=True):
        for row in found(image, 0.01, 0.5):
            left, top, right, bottom = corners_in_pixels(row.box, *image_size(image))
            bbox = (left, top, right - left, bottom - top)
            expected += [(number, COCO_IDS[c], p, *bbox) for c, p in enumerate(row.scores) if p]
    same(ours, expected)
    if fork == "alexeyab":
        assert [one[:2] for one in ours] == [one[:2] for one in expected]  # by cells


@pytest.mark.parametrize("word", ["yolo", "coco"])
@pytest.mark.parametrize("fork", ["alexeyab", "pjreddie"])
def test_recall_counts_boxes_by_confidence(word: str, fork: str) -> None:
    """Without suppression, whatever the classes say; both programs' `yolo` compares boxes in
    pixels with relative labels, which is not meant."""
    result = run(f"{word} recall", "--valid", "images.txt", "--fork", fork)
    proposals = total = correct = 0
    summed, lines = 0.0, []
    for number, image in enumerate(LABELS):
        kept = [row.box for row in found(image, 0.001, 0) if row.confidence > 0.001]
        proposals += len(kept)
        for label in LABELS[image].splitlines():
            x, y, w, h = map(float, label.split()[1:])
            best = max(overlap(box, (x, y, w, h)) for box in kept)
            total, correct, summed = total + 1, correct + (best > 0.5), summed + best
        counts = f"{number:5d} {correct:5d} {total:5d}\tRPs/Img: {proposals / (number + 1):.2f}"
        shares = f"IOU: {100 * summed / total:.2f}%\tRecall:{100 * correct / total:.2f}%"
        lines.append(f"{counts}\t{shares}")
    assert [line for line in result.stderr.splitlines() if "RPs" in line] == lines
    assert result.stdout.splitlines()[-1] == lines[-1]


def test_confidence_without_a_class_is_a_proposal() -> None:
    """Some boxes of this network pass by their confidence alone."""
    rows = found("2012_12.png", 0.001, 0)
    by_class = [row for row in rows if any(row.scores)]
    assert len([row for row in rows if row.confidence > 0.001 and row not in by_class]) > 0


@pytest.mark.parametrize("command", ["valid", "recall", "train"])
@pytest.mark.parametrize("word", ["yolo", "coco"])
def test_a_list_that_is_not_there(word: str, command: str) -> None:
    result = darknet(word, command, "net.cfg", "net.weights", "-nogpu")
    assert result.exit_code == 1
    option = "--train FILE" if command == "train" else "--valid FILE"
    assert f"error: {word} {command} reads its list of images from data/" in result.stderr
    assert result.stderr.endswith(f"which is not there; name another list with {option}\n")


def test_the_built_in_list_is_read() -> None:
    Path("data").mkdir()
    shutil.copy("images.txt", "data/voc.2007.test")
    assert run("yolo recall").stdout == run("yolo recall", "--valid", "images.txt").stdout


@pytest.mark.parametrize("word", ["yolo", "coco"])
def test_train_prints_and_saves_as_in_c(word: str, here: Path) -> None:
    cfg = Path("net.cfg").read_text().replace("max_batches=100", "max_batches=3")
    Path("t.cfg").write_text(cfg.replace("learning_rate=0.00002", "learning_rate=.00001"))
    options = ("--train", "images.txt", "--backup", "kept", "--log-style", "darknet")
    result = darknet(word, "train", "t.cfg", *options, "-nogpu", "--workers", "0")
    assert result.exit_code == 0, result.output
    lines = result.stdout.splitlines()
    lines = lines[lines.index("t") :]  # the first ones are about the processor
    assert lines[:3] == [
        "t",
        "mini_batch = 2, batch = 2, time_steps = 1, train = 1 ",
        "Learning Rate: 1e-05, Momentum: 0.9, Decay: 0.0005",
    ]
    assert re.fullmatch(r"Loaded: \d+\.\d{6} seconds", lines[3])
    assert re.match(r"Detection Avg IOU: .*, count: \d+$", lines[4])
    number = r"-?\d+\.\d{6}"
    update = rf"1: {number}, {number} avg, 0\.000010 rate, {number} seconds, 2 images"
    assert re.fullmatch(update, lines[5]) and len(lines) == 12
    names = {path.name for path in Path("kept").iterdir()}
    weights = {"t_final.weights", "t.backup", "t_last.state"}
    assert names == weights | {"results.csv", "chart.png", "chart_t.png"}


def test_the_groups_stand_among_the_other_words() -> None:
    text = darknet("--help").output
    assert text.index(f"{OTHER}:") < text.index("  yolo ") < text.index("  cifar ")
    assert "no command 'yolo dmeo'" in darknet("yolo", "dmeo").output
