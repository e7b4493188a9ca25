"""int8 on the demo network and drawn images: boxes, both mAP, what is kept and what is refused."""

from __future__ import annotations

import logging
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support.shapes_network import CFG, ROOT, WEIGHTS

import darknet_py
from darknet_py.cli.main import execute
from darknet_py.detect.detector import Detector
from darknet_py.engines import cache
from darknet_py.engines.calibration import Calibration
from darknet_py.errors import DarknetError, DataError
from darknet_py.synthetic.shape_dataset import write_dataset

FILES = (CFG, WEIGHTS)
SIDE = 128
IMAGES = 3
IMAGE = str(ROOT / "data" / "shapes-1.jpg")
LINE = r"shapes\.data: mAP@0\.50 of 3 images [\d.]+ % in fp32, [\d.]+ % in int8"


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> str:
    pytest.importorskip("onnxruntime")
    pytest.importorskip("onnx")
    folder = tmp_path_factory.mktemp("drawn")
    return str(write_dataset(folder, IMAGES, 3, SIDE, SIDE, valid_every=1))


@pytest.fixture(scope="module")
def calibrated(data: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A cache folder as the first calibration leaves it."""
    home = tmp_path_factory.mktemp("cache") / "kept"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(cache.FOLDER_VARIABLE, str(home))
        opened(calibrate=data, max_map_loss=0.1)
    return home


@pytest.fixture
def home(tmp_path: Path, calibrated: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache folder of the test's own that starts from there."""
    kept = tmp_path / "kept"
    shutil.copytree(calibrated, kept)
    monkeypatch.setenv(cache.FOLDER_VARIABLE, str(kept))
    return kept


@pytest.fixture
def uncalibrated(home: Path) -> Path:
    """Of which int8 is not known."""
    for path in home.iterdir():
        if path.suffix == ".json" or b"QuantizeLinear" in path.read_bytes():
            path.unlink()
    return home


def opened(engine: str = "onnxruntime", **words: Any) -> Detector:
    size = {"width": SIDE, "height": SIDE}
    return darknet_py.load(*FILES, engine=engine, precision="int8", **size, **words)


def said(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records]


@pytest.mark.parametrize("engine", ["onnxruntime", "openvino"])
def test_boxes_are_nearly_those_of_fp32_and_both_map_are_said(
    engine: str, data: str, home: Path, caplog: pytest.LogCaptureFixture
) -> None:
    pytest.importorskip(engine)
    caplog.set_level(logging.INFO, "darknet_py")
    detector = opened(engine, calibrate=data, max_map_loss=0.1)
    known = detector.engine.config.calibration
    assert known is not None and known.before > 0.5 and abs(known.loss) < 0.1
    both = f"{100 * known.before:.2f} % in fp32, {100 * known.after:.2f} % in int8"
    assert said(caplog)[-1] == f"{data}: mAP@0.50 of {IMAGES} images {both}"
    plain = darknet_py.load(*FILES, engine=engine, width=SIDE, height=SIDE)
    boxes, expected = (one(IMAGE, thresh=0.6).boxes for one in (detector, plain))
    order, other = np.argsort(boxes.xyxy[:, 0]), np.argsort(expected.xyxy[:, 0])
    assert boxes.class_id[order].tolist() == expected.class_id[other].tolist()
    moved = np.abs(boxes.xyxy[order] - expected.xyxy[other]).max()
    assert 1e-3 < moved < 8  # rounded values give other boxes, not far away


def test_it_is_kept_and_needs_no_data_any_more(
    data: str, home: Path, caplog: pytest.LogCaptureFixture
) -> None:
    first = Calibration.from_json(next(home.glob("*.int8.json")).read_bytes())
    files = set(home.iterdir())
    caplog.set_level(logging.INFO, "darknet_py")
    again, without = opened(calibrate=data, max_map_loss=0.1), opened(max_map_loss=0.1)
    assert again.engine.config.calibration == without.engine.config.calibration == first
    assert set(home.iterdir()) == files
    assert [line.partition(": ")[2][:8] for line in said(caplog)] == ["mAP@0.50"] * 2
    with pytest.raises(DarknetError, match="nothing has calibrated it for int8 on onnxruntime"):
        darknet_py.load(*FILES, engine="onnxruntime", precision="int8")  # of another size


def test_other_images_calibrate_again(data: str, home: Path) -> None:
    first = opened().engine.config.calibration
    fewer = opened(calibrate=data, max_map_loss=1.0, calibrate_images=1).engine.config.calibration
    assert first and fewer and first.digest != fewer.digest
    assert (first.images, fewer.images) == (IMAGES, 1) and fewer.ranges != first.ranges
    assert len(list(home.glob("*.int8.json"))) == 1


def test_too_great_a_loss_is_refused_and_leaves_nothing(
    data: str, uncalibrated: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Here the ranges are wrong, so that int8 finds nothing."""
    none = "darknet_py.calibrate.calibrated.value_ranges"

    def narrow(*given: Any) -> Any:
        return tuple((name, -1e-3, 1e-3) for name, _, _ in real(*given))

    from darknet_py.calibrate.calibrated import value_ranges as real

    monkeypatch.setattr(none, narrow)
    with pytest.raises(DarknetError, match=LINE + r": [\d.]+ points lost, 2 allowed; take") as one:
        opened(calibrate=data)
    assert "\n" not in str(one.value)
    assert not list(uncalibrated.glob("*.int8.json"))
    assert all(b"QuantizeLinear" not in path.read_bytes() for path in uncalibrated.iterdir())
    with pytest.raises(DarknetError, match="nothing has calibrated it"):
        opened()


def test_labels_that_do_not_fit_are_refused(data: str, uncalibrated: Path, tmp_path: Path) -> None:
    image = Path(data).parent / "pictures" / "00000.jpg"
    (tmp_path / "a.jpg").write_bytes(image.read_bytes())
    (tmp_path / "a.txt").write_text("0 .01 .01 .01 .01\n")
    (tmp_path / "valid.txt").write_text("a.jpg\n")
    other = tmp_path / "n.data"
    other.write_text(f"classes=8\nvalid=valid.txt\nnames={ROOT / 'data' / 'shapes.names'}\n")
    with pytest.raises(DataError, match=r"n\.data: mAP@0\.50 is 0 % in fp32 already"):
        opened(calibrate=str(other))
    assert not list(uncalibrated.glob("*.int8.json"))


def test_on_the_command_line(
    data: str, uncalibrated: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["map", data, CFG, WEIGHTS, "-nogpu", "--log-style", "plain", "--engine", "onnxruntime"]
    words += [f"--width={SIDE}", f"--height={SIDE}", "--precision", "int8"]
    assert execute(words) == 1
    err = capsys.readouterr().err
    assert err.count("\n") == 1 and "int8 on onnxruntime yet; --calibrate DATA does" in err
    assert execute([*words, "--calibrate", data, "--max-map-loss", "0.1"]) == 0
    first = capsys.readouterr()
    assert execute([*words, "--max-map-loss", "0.1"]) == 0
    again = capsys.readouterr()
    assert again.out == first.out and "mean average precision" in first.out
    assert "onnxruntime cpu int8" in again.err
    assert execute([*words[:-1], "fp32", "--calibrate", data]) == 1
    assert "--calibrate is for precision int8, not for fp32" in capsys.readouterr().err
