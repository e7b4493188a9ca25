"""Every judge leaves out what cannot be read: the metrics are those of the rest of the list."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from support.labelled import FIRST, SECOND, data_set
from support.small_classifier import small_options as classifier_options
from support.small_detector import small_options

from darknet_py import Network
from darknet_py.cli.main import main
from darknet_py.errors import DataError
from darknet_py.evaluate.coco import coco_metrics
from darknet_py.evaluate.confusion import confusion
from darknet_py.evaluate.map import evaluate
from darknet_py.evaluate.map_result import MapResult
from darknet_py.evaluate.readable_images import ReadableImages
from darknet_py.evaluate.recall import measure_recall
from darknet_py.evaluate.valid import write_results
from darknet_py.evaluate.worst_images import worst_images
from darknet_py.train.command import run

NAMES = ["ant", "bee", "cow"]
BAD = ("gone.png", "damaged.png", "empty.png")
WITH_BAD = [BAD[0], FIRST, BAD[1], BAD[2], SECOND]


def darknet(*words: str) -> Result:
    return CliRunner().invoke(main, words)


@pytest.fixture
def net(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Network:
    data_set(tmp_path)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "damaged.png").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(40))
    (tmp_path / "empty.png").touch()
    for name in BAD[:2]:  # labels that would be missed; the third has no label file
        Path(name).with_suffix(".txt").write_text("0 .5 .5 .3 .3\n2 .2 .2 .1 .1\n")
    (tmp_path / "all.txt").write_text("\n".join(WITH_BAD) + "\n")
    (tmp_path / "all.data").write_text("classes=3\nvalid=all.txt\nnames=n.names\n")
    network = Network.from_cfg("n.cfg")
    network.load_weights("n.weights")
    return network


def facts(result: MapResult) -> dict[str, object]:
    values = result.to_dict()
    return {key: value for key, value in values.items() if key not in ("seconds",)}


@pytest.mark.parametrize("batch", [1, 4])
def test_map_and_all_that_is_drawn_from_it(
    net: Network, batch: int, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        found = evaluate(net, WITH_BAD, NAMES, batch=batch, keep=True)
    rest = evaluate(net, [FIRST, SECOND], NAMES, batch=batch, keep=True)
    named = [record.getMessage() for record in caplog.records]
    assert [line.split(": ")[1] for line in named] == list(BAD)
    assert facts(found) == facts(rest) | {"images_left_out": 3}
    assert found.eval_config.images == 2 and found.unlabelled == ()
    assert len(found.left_out) == 3
    assert "could not be read" not in found.table(), "a remark of ours: it goes to stderr"
    assert (found.by_threshold.precision == rest.by_threshold.precision).all()
    assert found.matched is not None and rest.matched is not None
    counts = [confusion(one.matched, 3, 0.1, 0.5) for one in (found, rest) if one.matched]
    assert (counts[0] == counts[1]).all() and counts[0].sum() > 0
    worst = [
        {one.images[e.image]: (e.wrong, e.missed) for e in worst_images(one, 0.1, 9)}
        for one in (found.matched, rest.matched)
    ]
    assert worst[0] == worst[1] and set(worst[0]) == {FIRST, SECOND}
    assert found.matched.sizes.tolist() == [[0, 0], [50, 40], [0, 0], [0, 0], [50, 40]]
    ours, theirs = (coco_metrics(one, NAMES).values for one in (found.matched, rest.matched))
    assert ours == theirs


def test_difficult_objects_stay_with_their_images(net: Network) -> None:
    Path("hard").mkdir()
    for name in (FIRST, SECOND):
        best, other = Path(name).with_suffix(".txt").read_text().splitlines()
        Path(name).with_suffix(".txt").write_text(f"{other}\n")
        (Path("hard") / name).with_suffix(".txt").write_text(f"{best}\n")
    hard = [f"hard/{name}" for name in WITH_BAD]
    found = evaluate(net, WITH_BAD, NAMES, difficult=hard)
    rest = evaluate(net, [FIRST, SECOND], NAMES, difficult=[hard[1], hard[4]])
    assert facts(found) == facts(rest) | {"images_left_out": 3}
    assert found.detections_count == evaluate(net, WITH_BAD, NAMES).detections_count - 2


def test_recall(net: Network) -> None:
    rest = list(measure_recall(net, [FIRST, SECOND]))
    assert list(measure_recall(net, WITH_BAD)) == rest and rest[-1].total == 4


@pytest.mark.parametrize("form", ["voc", "bdd", "kitti"])
@pytest.mark.parametrize("mirrored", [False, True])
def test_valid_and_valid2_write_the_others(
    net: Network, tmp_path: Path, form: str, mirrored: bool
) -> None:
    written = [
        write_results(net, images, NAMES, tmp_path / name, form=form, mirrored=mirrored)
        for name, images in (("all", WITH_BAD), ("rest", [FIRST, SECOND]))
    ]
    assert [one.images for one in written] == [2, 2] and written[0].entries > 0
    contents = [
        {path.relative_to(one.folder): path.read_bytes() for path in one.folder.rglob("*.*")}
        for one in written
    ]
    assert contents[0] == contents[1] != {}


def test_numbers_of_images_are_those_of_the_list(net: Network, tmp_path: Path) -> None:
    write_results(net, WITH_BAD, NAMES, tmp_path / "r", form="imagenet")
    (path,) = (tmp_path / "r").iterdir()
    assert {line.split()[0] for line in path.read_text().splitlines()} == {"2", "5"}


def test_what_is_left_out_is_told_and_none_at_all_is_an_error(net: Network) -> None:
    told: list[str] = []
    images = ReadableImages(WITH_BAD, net.graph, lambda error: told.append(str(error)))
    assert [image.frame.number for image in images] == [1, 4]
    assert images.missing == [0, 2, 3] and len(told) == len(images.unreadable) == 3
    with pytest.raises(DataError, match="none of 3 images can be read, the first: gone.png: no"):
        list(ReadableImages(BAD, net.graph, told.append))


WORDS: dict[str, tuple[str, Callable[[Result], str]]] = {
    "map": ("map", lambda result: result.stderr),
    "recall": ("detector recall", lambda result: result.stderr),
    "valid": ("detector valid", lambda result: result.stderr),
    "valid2": ("detector valid2", lambda result: result.stderr),
}


@pytest.mark.parametrize("word", WORDS)
def test_each_word_names_them_once_counts_them_and_ends_well(net: Network, word: str) -> None:
    words, where = WORDS[word]
    result = darknet(*words.split(), "all.data", "n.cfg", "n.weights")
    assert result.exit_code == 0
    for name in BAD:
        assert result.stderr.count(f"left out: {name}: ") == 1
    assert "3 of 5 images could not be read and do not count" in where(result)


def test_the_json_of_map_counts_them(net: Network) -> None:
    result = darknet("map", "all.data", "n.cfg", "n.weights", "-out", "o.json")
    assert result.exit_code == 0
    values = json.loads(Path("o.json").read_text())
    assert (values["images_left_out"], values["computed_with"]["images"]) == (3, 2)


def with_bad_list(data: str, *more: str) -> Path:
    """The .data file with images added to its valid= that cannot be read."""
    path = Path(data)
    lines = dict(line.split("=", 1) for line in path.read_text().split("\n") if "=" in line)
    images = Path(lines["valid"].strip()).read_text()
    listed = path.parent / "bad-valid.txt"
    damaged = path.parent / "damaged.png"
    damaged.write_bytes(b"\x89PNG")
    listed.write_text("\n".join(["gone.png", images.strip(), str(damaged)]) + "\n")
    changed = path.read_text().replace(lines["valid"], str(listed))
    path.write_text(changed)
    return path


def test_training_goes_on_over_an_evaluation_with_bad_images(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    options = small_options(tmp_path, max_batches=2, evaluates=True)
    with_bad_list(options.data)
    assert run(options) == 0
    said = capsys.readouterr()
    assert "warning: left out 2 unreadable images, the first: gone.png: no such" in (
        said.out + said.err
    )
    assert "mean average precision (mAP@0.50) = " in said.out + said.err
    assert (tmp_path / "backup" / "small_final.weights").exists()


def test_classifiers_too(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    options = classifier_options(tmp_path, max_batches=2, evaluates=True)
    data = with_bad_list(options.data)
    assert run(options) == 0
    said = capsys.readouterr()
    assert "left out 2 unreadable images, the first: gone.png" in said.out + said.err
    weights = str(tmp_path / "backup" / "small_final.weights")
    result = darknet("classifier", "valid", str(data), options.cfg, weights)
    assert result.exit_code == 0
    assert "could not be read and do not count" in result.stderr
    assert "gone.png: no such file" in result.stderr
    (tmp_path / "bad-valid.txt").write_text("gone.png\nx.png\n")
    result = darknet("classifier", "valid", str(data), options.cfg, weights)
    assert result.exit_code == 1 and "2 of 2 images could not be read" in result.stderr
