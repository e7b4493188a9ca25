"""`evaluate` over a small data set: metrics, eval config, refusals."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from support.labelled import FIRST, SECOND, data_set
from support.layer_check import read
from support.tiny_detector import CFG

from darknet_py import Network
from darknet_py.detect.candidates import Candidates
from darknet_py.engines import devices
from darknet_py.engines.table import EngineConfig
from darknet_py.errors import DarknetError, DataError
from darknet_py.evaluate import map as map_room
from darknet_py.evaluate.eval_config import EvalConfig
from darknet_py.evaluate.eval_pipeline import MAP_OPTIONS, open_pipeline
from darknet_py.evaluate.map import evaluate
from darknet_py.evaluate.map_result import MapResult
from darknet_py.images.fitted_images import FittedImage, start_reading
from darknet_py.images.frames import PendingFrame

NAMES = ["ant", "bee", "cow"]
TREE = """[net]
width=16
height=16
channels=3
[convolutional]
filters=10
size=3
stride=2
pad=1
activation=linear
[region]
classes=5
num=1
coords=4
tree=t.tree
softmax=1
anchors=1,1
"""


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    data_set(tmp_path)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def network(cfg: str = "n.cfg", **options: Any) -> Network:
    net = Network.from_cfg(cfg, **options)
    net.load_weights("n.weights")
    return net


def metrics(**options: Any) -> MapResult:
    return evaluate(network(), [FIRST, SECOND], NAMES, **options)


def test_the_metrics_of_a_small_data_set(here: Path) -> None:
    result = metrics()
    ant, bee, cow = result.classes
    # The better of the two boxes ranks first of all, the other one behind one miss or more.
    assert 0.5 < ant.ap <= 1 and (bee.ap, cow.ap) == (0, 0)
    assert result.map == pytest.approx(ant.ap / 3)
    assert [(row.name, row.labels) for row in result.classes] == [
        ("ant", 2),
        ("bee", 0),
        ("cow", 2),
    ]
    assert [row.name for row in result.labelled] == ["ant", "cow"]
    assert (result.tp, result.fn, result.unique_truth_count) == (2, 2, 4)
    assert result.fp == ant.fp + bee.fp + cow.fp > 0
    assert result.recall == 0.5
    assert result.precision == pytest.approx(2 / (2 + result.fp))
    assert result.f1 == pytest.approx(4 / (4 + result.fp + 2))
    assert result.average_iou == pytest.approx(2 / (2 + result.fp), rel=1e-3)
    assert result.timing.reading > 0 and result.timing.network > 0 and result.seconds > 0


def test_thresh_moves_the_counts_but_not_the_ap(here: Path) -> None:
    low, high = metrics(thresh=0.1), metrics(thresh=0.999)
    assert low.map == high.map and low.detections_count == high.detections_count
    assert low.fp > 0 and (high.tp, high.fp, high.fn, high.precision, high.f1) == (0, 0, 4, 0, 0)
    assert high.average_iou == 0
    assert low.thresh == 0.1


def test_iou_thresh_and_points_are_used(here: Path) -> None:
    # The labels have six digits, so the network's own box overlaps its label by less than all.
    assert metrics(iou_thresh=0.99999).map < metrics(iou_thresh=0.99).map
    assert metrics(points=3).map != metrics(points=0).map
    assert metrics(points=3).eval_config.points == 3


def test_batches_and_order_do_not_matter(here: Path) -> None:
    one, two = metrics(batch=1), metrics(batch=2)
    assert one.classes == two.classes and one.detections_count == two.detections_count
    turned = evaluate(network(), [SECOND, FIRST], NAMES)
    assert turned.map == one.map and (turned.tp, turned.fp) == (one.tp, one.fp)


def test_a_box_on_a_difficult_object_does_not_count_in_the_ap(here: Path) -> None:
    """It is a miss above the threshold all the same, as in the C program."""
    text = (here / "a.txt").read_text().splitlines()
    (here / "a.txt").write_text(text[1] + "\n")
    (here / "d1.txt").write_text(text[0] + "\n")
    plain = metrics()
    excused = metrics(difficult=["d1.png", "d2.png"])
    assert excused.detections_count < plain.detections_count
    assert excused.classes[0].ap > plain.classes[0].ap
    assert (excused.tp, excused.fp) == (plain.tp, plain.fp)


def test_names_of_a_class_map_are_its_own_or_the_networks(here: Path) -> None:
    (here / "t.tree").write_text("life -1\nplant 0\nanimal 0\nant 2\nbee 2\n")
    Path("tree.cfg").write_text(TREE)
    tree, names = Network.from_cfg("tree.cfg", seed=1), ["life", "plant", "animal", "ant", "bee"]
    (here / "a.txt").write_text("1 .5 .5 .5 .5\n")
    for given in (names, ["bee", "plant"]):
        result = evaluate(tree, [FIRST], given, class_map=(4, 1))
        assert [(row.name, row.labels) for row in result.classes] == [("bee", 0), ("plant", 1)]
        assert result.detections_count > 0
    assert len(evaluate(tree, [FIRST], names).classes) == 5
    fewer = evaluate(network(), [FIRST], NAMES[:2])
    assert [row.name for row in fewer.classes] == [*NAMES[:2], "2"]
    more = evaluate(tree, [FIRST], names[:3], class_map=(4, 1))
    assert [row.name for row in more.classes] == names[:2]
    with pytest.raises(DataError, match="the class map names class 5, expected 0 to 4"):
        evaluate(tree, [FIRST], ["x"], class_map=(5,))
    with pytest.raises(DataError, match="tree= is not set; take map= out"):
        evaluate(network(), [FIRST], NAMES, class_map=(0, 1, 2))


def test_the_network_stays_as_it_is(here: Path) -> None:
    net = network().train()
    before = {name: tensor.clone() for name, tensor in net.state_dict().items()}
    threads = torch.get_num_threads()
    evaluate(net, [FIRST], NAMES)
    assert net.training and not net.folded
    assert all(torch.equal(tensor, before[name]) for name, tensor in net.state_dict().items())
    assert torch.get_num_threads() == threads


def test_progress_eval_config_and_matched_detections(here: Path) -> None:
    passed: list[int] = []
    result = metrics(progress=passed.append, batch=1, keep=True)
    assert passed == [1, 1]
    expected = (
        "2 images, input 64 x 32 x 3, stretch, scores above 0.005, nms default 0.45, "
        "hits above IoU 0.5, area under the curve, torch cpu fp32, fork alexeyab"
    )
    assert result.eval_config.line() == expected
    matched = result.matched
    assert matched is not None and metrics().matched is None
    assert matched.images == (FIRST, SECOND) and matched.sizes.tolist() == [[50, 40]] * 2
    assert len(matched.entries.score) == result.detections_count == len(matched.label)
    hits = matched.label >= 0
    assert sorted(set(matched.label[hits].tolist())) == [0, 2]
    assert set(matched.entries.image.tolist()) == {0, 1}


def test_the_eval_config_names_the_precision_in_force(
    here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not the one asked for, where the processor has no instructions for it."""
    monkeypatch.setattr(devices, "computes", lambda dtype: dtype == torch.float32)
    told: list[EvalConfig] = []
    result = metrics(config=EngineConfig(precision="bf16"), begin=told.append)
    assert result.eval_config.precision == "fp32" and told == [result.eval_config]
    assert "torch cpu fp32" in result.eval_config.line()
    monkeypatch.setattr(devices, "computes", lambda dtype: True)
    assert metrics(config=EngineConfig(precision="bf16")).eval_config.precision == "bf16"


def test_letter_box_of_the_cfg_or_the_fork_pads(here: Path) -> None:
    Path("padded.cfg").write_text(CFG.format(channels=3).replace("[net]", "[net]\nletter_box=1"))
    stretched = metrics()
    padded = evaluate(network("padded.cfg"), [FIRST, SECOND], NAMES)
    assert padded.eval_config.resize == "letterbox" and stretched.eval_config.resize == "stretch"
    assert padded.map < stretched.map
    pjreddie = evaluate(network(fork="pjreddie"), [FIRST, SECOND], NAMES)
    assert (pjreddie.eval_config.resize, pjreddie.eval_config.fork) == ("letterbox", "pjreddie")
    assert pjreddie.map == padded.map


def test_nothing_found_is_0_and_not_nan(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def nothing(found: Candidates, *rest: object) -> Candidates:
        return Candidates.empty(3)

    monkeypatch.setattr("darknet_py.detect.pipeline.postprocess", nothing)
    result = metrics(keep=True)
    assert (result.map, result.tp, result.fp, result.fn) == (0, 0, 0, 4)
    assert (result.precision, result.recall, result.f1, result.average_iou) == (0, 0, 0, 0)
    assert "nan" not in result.table()
    assert "detections_count = 0, unique_truth_count = 4" in result.table()


def test_one_image_and_one_without_label_file(here: Path) -> None:
    assert evaluate(network(), [FIRST], NAMES).unique_truth_count == 2
    (here / "b.txt").unlink()
    result = metrics()
    assert result.unlabelled == ("b.txt",) and result.unique_truth_count == 2
    (here / "b.txt").write_text("")
    assert metrics().unlabelled == (), "an empty file says that nothing is there"


BAD = {
    "class beyond the names": (
        "7 .5 .5 .1 .1\n",
        {},
        "b.txt: label 1 has class 7, expected 0 to 2",
    ),
    "negative class": ("-1 .5 .5 .1 .1\n", {}, "label 1 has class -1"),
    "no number": ("0 .5 .5 .1 .1\n1 nan .5 .1 .1", {}, "label 2 has a number that is not finite"),
    "points": ("", {"points": 1}, "points is 1, expected 0"),
    "negative points": ("", {"points": -11}, "points is -11, expected 0"),
    "thresh": ("", {"thresh": 25.0}, "thresh is 25, expected 0 to 1"),
    "iou_thresh": ("", {"iou_thresh": float("nan")}, "iou_thresh is nan, expected 0 to 1"),
    "device": ("", {"config": EngineConfig(device="gpu")}, "unknown device 'gpu'"),
    "difficult": ("", {"difficult": [FIRST]}, "difficult list has 1 images, the other 2"),
}


@pytest.mark.parametrize("what", BAD)
def test_what_does_not_fit_is_refused(here: Path, what: str) -> None:
    text, options, expected = BAD[what]
    (here / "b.txt").write_text(text)
    with pytest.raises(DarknetError) as caught:
        metrics(**options)
    assert expected in str(caught.value)


def test_no_label_at_all_is_refused(here: Path) -> None:
    for name in ("a.txt", "b.txt"):
        (here / name).unlink()
    with pytest.raises(DataError, match="a.txt: no labels for any of the 2 images"):
        metrics()


def test_images_of_which_none_can_be_read_are_refused(here: Path) -> None:
    for name in (FIRST, SECOND):
        (here / name).write_text("hello")
    with pytest.raises(DataError, match="none of 2 images can be read, the first: a.png: not an"):
        metrics()


def test_batches_run_side_by_side_and_come_in_order(here: Path) -> None:
    before = torch.get_num_threads()
    torch.set_num_threads(3)
    try:
        net = network()
        images = [FIRST, SECOND, FIRST] * 3 + [SECOND]
        pipeline = open_pipeline(net, replace(MAP_OPTIONS, batch=2), EngineConfig())
        batches = list(pipeline.run(start_reading(images, net.graph), len(images)))
        assert torch.get_num_threads() == 3
    finally:
        torch.set_num_threads(before)
    assert [batch.first for batch in batches] == [0, 2, 4, 6, 8]
    best = [
        float(b.candidates.scores[b.candidates.image == k].max()) for b in batches for k in (0, 1)
    ]
    assert best == [best[0], best[1], best[0]] * 3 + [best[1]] and best[0] != best[1]


def test_images_are_read_before_they_are_asked_for(
    here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    def frame(path: str, number: int) -> PendingFrame:
        def decode(channels: int, honour_exif: bool) -> np.ndarray:
            asked.append(path)
            return np.zeros((4, 4, channels), np.uint8)

        return PendingFrame(decode, path, number)

    monkeypatch.setattr("darknet_py.images.frames.file_frame", frame)
    images = start_reading([FIRST, SECOND], network().graph)
    assert FIRST in asked
    assert all(isinstance(image, FittedImage) for image in images) and len(asked) == 2


def test_what_is_told_of_an_engine_is_what_is_in_force(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its device and precision, which may be others than were asked for."""
    data_set(tmp_path)
    engine = SimpleNamespace(
        config=EngineConfig(precision="bf16", device="cuda"), device=torch.device("cuda:1")
    )
    pipeline = SimpleNamespace(engine=engine, run=lambda fitted, count: iter(()))
    monkeypatch.setattr(map_room, "open_pipeline", lambda *given: pipeline)
    network = Network(read(CFG.format(channels=3)))

    def begin(config: EvalConfig) -> None:
        assert (config.device, config.precision) == ("cuda:1", "bf16")
        raise StopIteration

    with pytest.raises(StopIteration):
        map_room.evaluate(network, [str(tmp_path / FIRST)], NAMES, begin=begin)
