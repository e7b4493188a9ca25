"""What a training says of the images and labels of its batches."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.small_detector import small_options

from darknet_py.train import batch_faults
from darknet_py.train.command import run
from darknet_py.train.trainer import LossError


def test_a_loss_that_is_not_finite_names_its_images(tmp_path: Path) -> None:
    options = small_options(tmp_path)
    text = Path(options.cfg).read_text().replace("learning_rate=0.002", "learning_rate=1e30")
    Path(options.cfg).write_text(text.replace("burn_in=5", "burn_in=0"))
    pattern = r"iteration \d+: the loss is (nan|inf), the largest delta .* in layer 3; lower .*"
    with pytest.raises(LossError, match=pattern + r"the images of the batch: .*\.jpg"):
        run(options)


def test_more_unreadable_lines_are_cut(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(batch_faults, "MOST_NAMED", 1)
    options = small_options(tmp_path)
    text = Path(options.cfg).read_text().replace("learning_rate=0.002", "learning_rate=1e30")
    Path(options.cfg).write_text(text.replace("burn_in=5", "burn_in=0"))
    with pytest.raises(LossError, match=r"and \d+ more$"):
        run(options)


def test_an_image_that_cannot_be_read_is_named_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    options = small_options(tmp_path, max_batches=5)
    images = Path(options.data).read_text().split("train=")[1].split("\n")[0]
    bad = tmp_path / "bad.jpg"
    bad.write_bytes(b"nothing")
    (tmp_path / "list.txt").write_text(Path(images).read_text() + f"{bad}\n")
    Path(options.data).write_text(
        Path(options.data).read_text().replace(images, str(tmp_path / "list.txt"))
    )
    assert run(options) == 0
    assert capsys.readouterr().out.count("left out, another image is drawn") == 1
