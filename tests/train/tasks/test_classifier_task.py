"""`classifier train` as a whole: samples, -topk, files of both programs, what it refuses."""

from __future__ import annotations

import pickle
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from support.outcome import kept_in, require_same, rows_of
from support.small_classifier import small_options

import darknet_py.data.classifier_samples as samples
import darknet_py.train.tasks.classifier_task as task
from darknet_py.distributed.context import DistributedContext
from darknet_py.errors import BadOption, DarknetError, DataError
from darknet_py.network.network import Network
from darknet_py.options.training import DetectorTrainOptions
from darknet_py.train.command import run

VARIANTS: list[dict[str, Any]] = [
    {},
    {"net": "mosaic=1\ncutmix=1\nlabel_smooth_eps=.1\nblur=3"},
    {"fork": "pjreddie", "net": "random=1"},
    {"precision": "bf16"},
]


@pytest.mark.parametrize("variant", VARIANTS, ids=str)
def test_ten_and_ten_are_twenty_bit_for_bit(
    tmp_path: Path, variant: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(samples, "RANDOM_EVERY", 4)
    monkeypatch.setattr(samples, "RANDOM_SIDES", (1, 2))
    whole, halves = (small_options(tmp_path / name, **variant) for name in ("whole", "halves"))
    assert run(whole) == 0
    assert run(replace(halves, iterations=10)) == 0
    assert run(replace(halves, resume=True, seed=99)) == 0
    require_same(tmp_path / "whole", tmp_path / "halves")
    sizes = {row["width"] for row in rows_of(tmp_path / "whole")}
    assert sizes == ({"32", "64"} if "random" in variant.get("net", "") else {"24"})


def test_samples_are_the_same_in_another_process(tmp_path: Path) -> None:
    options = small_options(tmp_path, net="mosaic=1")
    source = task.open_classifier(options, DistributedContext(), torch.device("cpu")).task.source
    sent = pickle.loads(pickle.dumps(source))
    for one, two in zip(source.sample(7, 24, 24, 1), sent.sample(7, 24, 24, 1), strict=True):
        assert (one == two).all()


def test_what_a_run_writes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    options = "saveweights=3\nsavelast=3\ntop=1"
    run(small_options(tmp_path, max_batches=10, data=options, evaluates=True, saveweights=4))
    words = ("4", "8", "last", "best", "final")
    assert kept_in(tmp_path) == {f"small_{word}.weights" for word in words} | {"small_last.state"}
    rows = rows_of(tmp_path)
    assert [bool(row["top1"]) for row in rows] == [False] * 9 + [True]
    printed = capsys.readouterr().out
    assert "30 images, 24x24, 3 classes, batch 24/1, 10 iterations from 0, cpu fp32" in printed
    accuracy = re.search(r"^accuracy top1 = (\d\.\d{6})$", printed, re.M)
    assert accuracy
    assert float(accuracy[1]) == float(rows[-1]["top1"])
    share = f"{100 * float(accuracy[1]):.2f}%"
    assert f"  top1 {share} (best {share})  ETA 0:00:00" in printed
    assert "mAP" not in printed
    assert "warning" not in printed


def test_alexeyabs_times_of_topk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every 2 * 30 // 24 updates, not before a hundred (here 5) nor burn_in, and at the end."""
    monkeypatch.setattr(task, "EARLIEST", 5)

    def evaluated_at(name: str, net: str) -> list[int]:
        run(small_options(tmp_path / name, 12, net, evaluates=True, data="top=1"))
        return [int(row["iteration"]) for row in rows_of(tmp_path / name) if row["top1"]]

    assert evaluated_at("usual", "") == [5, 7, 9, 11, 12]
    assert evaluated_at("late", "burn_in=8") == [8, 10, 12]


def test_the_best_weights_are_those_of_the_best_evaluation(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(task, "EARLIEST", 2)
    values = iter([0.5, 0.75, 0.25, 0.5])
    monkeypatch.setattr(task.TopkMetric, "evaluate", lambda *_: next(values))
    run(small_options(tmp_path, 8, evaluates=True))
    net = Network.from_cfg(tmp_path / "small.cfg")
    seen = net.load_weights(tmp_path / "backup" / "small_best.weights").seen
    assert [row["top2"] for row in rows_of(tmp_path)][3] == "0.750000"
    assert seen == 4 * 24


def test_pjreddies_files(tmp_path: Path) -> None:
    run(small_options(tmp_path, max_batches=4, fork="pjreddie"))
    # 24, 48, 72, 96 images of 30; the last ones are kept every 1000 updates, and at the end.
    words = {"small_1.weights", "small_2.weights", "small_3.weights"}
    assert kept_in(tmp_path) == words | {"small.backup", "small.weights", "small_last.state"}
    net = Network.from_cfg(tmp_path / "small.cfg", fork="pjreddie")
    assert net.load_weights(tmp_path / "backup" / "small_2.weights").seen == 72
    assert net.load_weights(tmp_path / "backup" / "small.weights").seen == 96


def test_without_max_batches_it_trains_for_ever(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    options = small_options(tmp_path, max_batches=0, iterations=30, evaluates=True)
    assert run(options) == 0
    printed = capsys.readouterr().out
    assert "endless iterations from 0" in printed
    assert re.search(r"^20  loss ", printed, re.M)
    assert "ETA" not in printed
    assert "nan" not in printed
    assert "stopped at iteration 30; --resume continues" in printed
    assert (tmp_path / "backup" / "chart.png").exists()
    run(replace(options, resume=True, iterations=1, log_style="darknet"))
    assert re.search(r"31, 24\.800: .*, 744 images\n", capsys.readouterr().out)


@pytest.mark.parametrize(
    ("net", "message"),
    [
        ("policy=poly", r"\[net\] policy: poly needs to know the end, .*; set max_batches"),
        ("policy=sgdr", r"\[net\] policy: sgdr needs"),
        ("ema_alpha=.9", r"\[net\] ema_alpha: 0.9 needs"),
    ],
)
def test_for_ever_does_not_go_with_what_needs_an_end(
    tmp_path: Path, net: str, message: str
) -> None:
    options = small_options(tmp_path, max_batches=0, net=net)
    text = Path(options.cfg).read_text().replace("policy=constant\n", "")
    Path(options.cfg).write_text(text)
    with pytest.raises(DarknetError, match=message):
        run(options)


def test_sgdr_with_its_own_cycle_needs_no_end(tmp_path: Path) -> None:
    options = small_options(tmp_path, max_batches=0, net="policy=sgdr\nsgdr_cycle=4", iterations=5)
    Path(options.cfg).write_text(Path(options.cfg).read_text().replace("policy=constant\n", ""))
    run(options)
    rates = [float(row["rate"]) for row in rows_of(tmp_path)]
    assert rates[0] > rates[1] > rates[3] < rates[4]


def labelled(folder: Path, words: str, **choices: Any) -> Any:
    options = small_options(folder, max_batches=1, **choices)
    (folder / "words").write_text(words)
    data = Path(options.data)
    data.write_text(f"labels={folder / 'words'}\n{data.read_text()}")
    return options


def test_images_without_just_one_label_are_counted(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run(labelled(tmp_path, "circle_\ne_1\nnone\n"))
    printed = capsys.readouterr().out
    # Circles are 0, 3, ... 27, squares 1, 4 ...: 12, 15 and 18 have two labels, 15 have none.
    assert "warning: 18 of 30 images have not just one label: " in printed
    assert "star_2.png: no label matches; " in printed
    assert printed.count("label matches") == 3
    assert "and 15 more" in printed
    run(labelled(tmp_path, "circle_\nsquare_\nstar_\n"))
    assert "warning" not in capsys.readouterr().out


def test_of_many_images_some_are_looked_at(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(task, "LOOKS", 30)
    run(labelled(tmp_path, "circle_\nsquare_\nnone\n"))
    unclear = re.search(r"warning: (\d+) of 10 images looked at", capsys.readouterr().out)
    assert unclear
    assert 0 < int(unclear[1]) < 8


def test_labels_that_match_nothing_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no label is a part of any path of train=, such as /"):
        run(labelled(tmp_path, "cat\ndog\nbird\n"))


def test_guesses_that_are_always_right_are_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run(small_options(tmp_path, max_batches=1, data="top=5", evaluates=True))
    printed = capsys.readouterr().out
    assert "small.data: top: the best 3 of 3 classes are always right" in printed
    assert "accuracy top3 = 1.000000" in printed


def valid_list(folder: Path, *names: str) -> str:
    (folder / "valid.list").write_text("".join(f"{folder}/{name}\n" for name in names))
    return f"valid={folder}/valid.list\ntop=1"


def test_unreadable_images_of_the_evaluation_are_counted(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "star_bad.png").write_bytes(b"nothing")
    data = valid_list(tmp_path, "star_bad.png", "star_none.png")
    assert run(small_options(tmp_path, max_batches=1, data=data, evaluates=True)) == 0
    printed = capsys.readouterr().out
    assert re.search(r"warning: 1 of 2 images to evaluate are not there .*star_none\.png", printed)
    assert re.search(r"warning: left out 2 unreadable images, the first: .*bad\.png", printed)
    assert "top1 could not be measured: none of 2 images can be read" in printed
    # Nothing was measured, so nothing is best.
    assert kept_in(tmp_path) == {"small_last.weights", "small_final.weights", "small_last.state"}


def test_the_images_to_evaluate_are_looked_at_before_training(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("star_1.png", "thing.png"):
        (tmp_path / name).write_bytes(b"")
    options = small_options(
        tmp_path, 1, data=valid_list(tmp_path, "star_1.png", "thing.png"), evaluates=True
    )
    run(options)
    unclear = "warning: 1 of 2 images of valid= have not just one label: .*thing.png: no label"
    assert re.search(unclear, capsys.readouterr().out)
    valid_list(tmp_path, "thing.png")
    with pytest.raises(DataError, match="no label is a part of any path of valid=, such as .*th"):
        run(options)
    valid_list(tmp_path, "star_8.png", "star_9.png")
    with pytest.raises(DataError, match="none of 2 images to evaluate is there, such as .*star_8"):
        run(options)
    assert not (tmp_path / "backup" / "small_best.weights").exists()


@pytest.mark.parametrize(
    ("fork", "words"),
    [("pjreddie", ("cutmix", "label_smooth_eps")), ("alexeyab", ("center", "min_ratio"))],
)
def test_options_of_the_other_program_are_named(
    tmp_path: Path, fork: str, words: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    net = "cutmix=1\nlabel_smooth_eps=.1\ncenter=1\nmin_ratio=1\nletter_box=1\n"
    run(small_options(tmp_path, max_batches=1, net=net, fork=fork))
    printed = capsys.readouterr().out
    named = re.findall(rf"\[net\] (\w+): no effect with --fork {fork}\n", printed)
    assert tuple(named) == words
    assert "letter_box: no effect on classifiers" in printed


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("train=", "untrain="), "small.data: has no train=, the list of images"),
        (
            ("labels=", "unlabels="),
            "small.data: has no labels=, and there is no data/labels.list; name a",
        ),
        (("classes=3", "classes=2"), "classes=2, the last layer of .* gives 3 values"),
        (("backup=", "tag=1\nbackup="), "no image of train= has a tag, such as .*; their files"),
    ],
)
def test_a_data_file_that_does_not_fit(
    tmp_path: Path, change: tuple[str, str], message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    options = small_options(tmp_path, fork="pjreddie")
    Path(options.data).write_text(Path(options.data).read_text().replace(*change, 1))
    with pytest.raises(DataError, match=message):
        run(options)


def test_networks_of_another_kind_are_sent_to_their_command(tmp_path: Path) -> None:
    options = small_options(tmp_path)
    with pytest.raises(DarknetError, match=r"has no detection head; .* `darknet-py classifier tr"):
        run(DetectorTrainOptions(data=options.data, cfg=options.cfg, device="cpu"))
    Path(options.cfg).write_text(
        "[net]\nwidth=8\nheight=8\nchannels=3\nmax_batches=2\n"
        "[convolutional]\nfilters=18\nsize=1\nactivation=linear\n[yolo]\nclasses=1\nnum=3\n"
    )
    with pytest.raises(DarknetError, match="has a detection head; .* `darknet-py detector train`"):
        run(options)
    Path(options.cfg).write_text(
        "[net]\ninputs=9\nmax_batches=2\n[connected]\noutput=3\n[softmax]\n"
    )
    with pytest.raises(DarknetError, match="reads no images: .* `darknet-py rnn train`"):
        run(options)


def test_a_value_no_image_can_be_made_with(tmp_path: Path) -> None:
    with pytest.raises(BadOption, match="saturation: read 0, expected more than 0"):
        options = small_options(tmp_path)
        text = Path(options.cfg).read_text().replace("saturation=1.2", "saturation=0")
        Path(options.cfg).write_text(text)
        run(options)


def test_a_loss_that_is_not_finite_names_its_images_and_no_heads(tmp_path: Path) -> None:
    options = small_options(tmp_path)
    text = Path(options.cfg).read_text().replace("learning_rate=.03", "learning_rate=1e30")
    Path(options.cfg).write_text(text)
    pattern = r"the loss is (nan|inf).* in layer 5; lower learning_rate or raise burn_in; the im"
    with pytest.raises(DarknetError, match=pattern):
        run(options)


def test_only_the_leaves_that_are_listed_can_be_answered(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "own.tree").write_text("circle -1\nsquare -1\nstar -1\n")
    (tmp_path / "leaves").write_text("circle\n")
    data = f"leaves={tmp_path}/leaves\ntop=1"
    options = small_options(tmp_path, max_batches=1, data=data, evaluates=True)
    text = (
        Path(options.cfg).read_text().replace("[softmax]", f"[softmax]\ntree={tmp_path}/own.tree")
    )
    Path(options.cfg).write_text(text)
    run(options)
    assert "accuracy top1 = 0.333333" in capsys.readouterr().out
