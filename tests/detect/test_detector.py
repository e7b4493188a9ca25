"""The detector as a library: sources in, results out."""

from __future__ import annotations

import multiprocessing
import sys
import threading
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from support.image_server import Page, image_site
from support.tiny_detector import files, noise_image, save

import darknet_py
import darknet_py.detect.detector
from darknet_py import Network
from darknet_py.detect.detector import Detector
from darknet_py.detect.workers import TimedEngine
from darknet_py.engines.devices import using_threads
from darknet_py.engines.engine import Engine
from darknet_py.engines.table import EngineConfig
from darknet_py.errors import ArgumentError, DarknetError, DataError, ImageError, WeightsError
from darknet_py.images.fitted_images import FittedImage, read_fitted
from darknet_py.images.frames import PendingFrame


@pytest.fixture
def detector(tmp_path: Path) -> Detector:
    return darknet_py.load(*files(tmp_path), names=["a", "b", "c"])


def same(a: darknet_py.Result, b: darknet_py.Result) -> None:
    assert len(a) == len(b) > 0
    assert a.boxes.class_id.tolist() == b.boxes.class_id.tolist()
    np.testing.assert_allclose(a.boxes.xywhn, b.boxes.xywhn, atol=1e-5)
    np.testing.assert_allclose(a.boxes.confidence, b.boxes.confidence, atol=1e-5)


def test_an_array_and_its_file_give_the_same(detector: Detector, tmp_path: Path) -> None:
    (path,) = save(tmp_path, "p.png")
    from_file, from_array = detector(path, thresh=0.2), detector(noise_image(), thresh=0.2)
    same(from_file, from_array)
    assert (from_file.path, from_array.path) == (str(path), "")
    assert from_file.boxes.width == 50 and from_file.image.shape == (40, 50, 3)
    assert (from_file.image == noise_image()).all()


def test_bytes_tensors_and_addresses_give_what_the_file_gives(
    detector: Detector, tmp_path: Path
) -> None:
    (path,) = save(tmp_path, "p.png")
    expected = detector(path, thresh=0.2)
    chw = torch.from_numpy(noise_image()[..., ::-1].copy()).permute(2, 0, 1)
    with image_site({"/p.png": Page("image/png", path.read_bytes())}) as site:
        sources = [path.read_bytes(), chw, chw.float() / 255, f"{site.url}/p.png"]
        results = [detector(source, thresh=0.2) for source in sources]
        listed = detector(sources, thresh=0.2)
    assert site.paths == ["/p.png"] * 2
    assert [result.path for result in results] == ["", "", "", f"{site.url}/p.png"]
    for result in [*results, *listed]:
        assert np.array_equal(result.boxes.data, expected.boxes.data) and len(expected) > 0
        assert (result.image == noise_image()).all() and result.image.dtype == np.uint8
    batch = detector(torch.stack([chw, chw.flip(2)]), thresh=0.2)
    assert [len(one) for one in batch] == [
        len(expected),
        len(detector(noise_image()[:, ::-1], 0.2)),
    ]


def test_an_address_that_gives_no_image_is_left_out_of_many(
    detector: Detector, tmp_path: Path
) -> None:
    (path,) = save(tmp_path, "p.png")
    failed: list[str] = []
    with image_site({}) as site:
        sources = [f"{site.url}/gone.png", path]
        results = detector.stream(sources, on_error=lambda name, error: failed.append(name))
        assert [result.path for result in results] == [str(path)]
    assert failed == [f"{site.url}/gone.png"]


@pytest.mark.slow
def test_another_process_finds_the_same_boxes(detector: Detector, tmp_path: Path) -> None:
    (path,) = save(tmp_path, "p.png")
    expected = detector(path, thresh=0.2)
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=context) as pool:
        actual = pool.submit(detector, path, 0.2).result()
        assert np.array_equal(actual.boxes.data, expected.boxes.data) and len(actual) > 0
        assert str(actual).splitlines()[1:] == str(expected).splitlines()[1:]
        with pytest.raises(ArgumentError, match="thresh 'high': expected a number"):
            pool.submit(detector, path, "high").result()


def test_many_sources_give_a_list_in_order(detector: Detector, tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    paths = save(folder, "b.png", "a.png", "c.png")
    expected = [str(folder / name) for name in ("a.png", "b.png", "c.png")]
    assert [r.path for r in detector(folder)] == expected
    assert [r.path for r in detector(str(folder / "*.png"))] == expected
    assert [r.path for r in detector(paths)] == [str(path) for path in paths]
    assert [r.path for r in detector([paths[0]])] == [str(paths[0])]
    (tmp_path / "list.txt").write_text("in/c.png\nin/a.png\n")
    assert [Path(r.path).name for r in detector(tmp_path / "list.txt")] == ["c.png", "a.png"]


def test_batches_change_nothing(detector: Detector, tmp_path: Path) -> None:
    paths = save(tmp_path, *(f"{i}.png" for i in range(5)))
    for alone, together in zip(detector(paths), detector(paths, batch=3), strict=True):
        same(alone, together)


@pytest.mark.parametrize("parallel", [True, False])
def test_images_side_by_side_come_in_order_with_the_numbers_of_one(
    detector: Detector, tmp_path: Path, parallel: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(detector.engine, "parallel", parallel)
    detector._timed_engine = TimedEngine(detector.engine)
    at_once = Counted(detector.engine)
    detector._timed_engine.engine = at_once
    shapes = [(40, 50), (30, 20), (25, 60)]
    sources = [noise_image(seed)[:h, :w] for seed in range(4) for h, w in shapes]
    before = sys.getswitchinterval()
    with using_threads(3):
        results = detector(sources)
        assert torch.get_num_threads() == 3
    assert sys.getswitchinterval() == pytest.approx(before)
    for source, result in zip(sources, results, strict=True):
        same(result, detector(source))
        assert (result.image == source).all() and result.image is not source
        assert result.milliseconds > 0
    assert parallel or at_once.most == 1
    assert at_once.calls == 2 * len(sources)


def test_a_stream_that_is_left_leaves_no_thread(detector: Detector, tmp_path: Path) -> None:
    before = set(threading.enumerate())
    stream = detector.stream([noise_image(seed) for seed in range(40)], 0.2)
    assert len(next(stream)) > 0
    assert set(threading.enumerate()) > before
    stream.close()
    assert set(threading.enumerate()) == before


def test_an_error_in_a_thread_reaches_the_caller(
    detector: Detector, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(self: Engine, x: torch.Tensor) -> list[torch.Tensor]:
        raise DarknetError("the engine stopped")

    monkeypatch.setattr(type(detector.engine), "__call__", broken)
    before = set(threading.enumerate())
    with pytest.raises(DarknetError, match="the engine stopped"):
        detector([noise_image(seed) for seed in range(9)])
    assert set(threading.enumerate()) == before


def test_images_are_read_only_a_little_ahead(
    detector: Detector, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken: list[PendingFrame] = []

    def read(pending: PendingFrame, *rest: Any, **options: Any) -> FittedImage:
        taken.append(pending)
        return read_fitted(pending, *rest, **options)

    monkeypatch.setattr("darknet_py.images.fitted_images.read_fitted", read)
    with using_threads(2):
        stream = detector.stream([noise_image(seed) for seed in range(60)], 0.2)
        assert not taken
        next(stream)
        assert 1 <= len(taken) < 30
        stream.close()


class Counted:
    """An engine that counts its calls, and how many ran at once."""

    def __init__(self, engine: Engine) -> None:
        self.engine, self.lock = engine, threading.Lock()
        self.calls = self.now = self.most = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self.engine, name)

    def __call__(self, x: torch.Tensor) -> list[torch.Tensor]:
        with self.lock:
            self.calls, self.now = self.calls + 1, self.now + 1
            self.most = max(self.most, self.now)
        try:
            return self.engine(x)
        finally:
            with self.lock:
                self.now -= 1


def test_scores_are_above_the_threshold_and_nms_0_keeps_all(detector: Detector) -> None:
    few, many = detector(noise_image(), thresh=0.3), detector(noise_image(), thresh=0.3, nms=0)
    assert 0 < len(few) < len(many)
    assert min(few.boxes.confidence) > 0.3


def test_letter_box_moves_the_boxes(detector: Detector) -> None:
    stretched, padded = (detector(noise_image(), thresh=0.2, letter_box=b) for b in (False, True))
    assert stretched.boxes.xywhn.tolist() != padded.boxes.xywhn.tolist()


def test_the_fork_decides_about_the_letter_box(tmp_path: Path) -> None:
    cfg, weights = files(tmp_path)
    names = ["a", "b", "c"]
    pjreddie = darknet_py.load(cfg, weights, names=names, fork="pjreddie")
    alexeyab = darknet_py.load(cfg, weights, names=names)
    same(pjreddie(noise_image()), alexeyab(noise_image(), letter_box=True))


def test_letter_box_in_the_cfg_counts(tmp_path: Path) -> None:
    cfg, weights = files(tmp_path)
    plain = darknet_py.load(cfg, weights)(noise_image(), letter_box=True)
    cfg.write_text(cfg.read_text().replace("channels=3", "channels=3\nletter_box=1"))
    same(darknet_py.load(cfg, weights)(noise_image()), plain)


def test_grey_networks_read_grey(tmp_path: Path) -> None:
    detector = darknet_py.load(*files(tmp_path, channels=1))
    result = detector(noise_image(), thresh=0.2)
    assert len(result) > 0
    assert result.image.shape == (40, 50, 3)
    assert (result.image[..., 0] == result.image[..., 2]).all()


@pytest.mark.parametrize("precision", ["bf16", "fp16"])
def test_lower_precision_gives_nearly_the_same(tmp_path: Path, precision: str) -> None:
    cfg, weights = files(tmp_path)
    exact = darknet_py.load(cfg, weights)(noise_image(), thresh=0.01, nms=0)
    near = darknet_py.load(cfg, weights, precision=precision)(noise_image(), thresh=0.01, nms=0)
    assert near.boxes.confidence.dtype == np.float32
    assert abs(exact.boxes.confidence.sum() / near.boxes.confidence.sum() - 1) < 0.02


def test_width_and_height_override_the_cfg(tmp_path: Path) -> None:
    cfg, weights = files(tmp_path)
    detector = darknet_py.load(cfg, weights, width=32, height=64)
    assert detector.graph.net.input == (3, 64, 32)
    assert len(detector(noise_image(), thresh=0.2)) > 0


def test_a_file_that_is_no_image_raises(detector: Detector, tmp_path: Path) -> None:
    (tmp_path / "x.jpg").write_text("hello")
    with pytest.raises(ImageError, match=r"x\.jpg"):
        detector(tmp_path / "x.jpg")


def test_stream_reports_what_it_cannot_read_and_goes_on(detector: Detector, tmp_path: Path) -> None:
    paths = save(tmp_path, "a.png", "b.png")
    (tmp_path / "x.jpg").write_text("hello")
    failed: list[str] = []
    sources = [paths[0], tmp_path / "x.jpg", paths[1]]
    results = detector.stream(sources, on_error=lambda path, error: failed.append(path))
    assert [r.path for r in results] == [str(path) for path in paths]
    assert failed == [str(tmp_path / "x.jpg")]


def test_names_come_from_a_file_a_list_or_are_numbers(tmp_path: Path) -> None:
    cfg, weights = files(tmp_path)
    assert darknet_py.load(cfg, weights).names == ["0", "1", "2"]
    (tmp_path / "n.names").write_text("x\ny\nz\n")
    assert darknet_py.load(cfg, weights).names == ["x", "y", "z"]
    (tmp_path / "short.names").write_text("x\n")
    names = tmp_path / "short.names"
    assert darknet_py.load(cfg, weights, names=names).names == ["x", "1", "2"]
    assert darknet_py.load(cfg, weights, names=list("abcd")).names == ["a", "b", "c"]
    with pytest.raises(DataError, match="an empty path"):
        darknet_py.load(cfg, weights, names="")


def test_loading_twice_gives_the_same_numbers(tmp_path: Path) -> None:
    cfg, weights = files(tmp_path)
    same(darknet_py.load(cfg, weights)(noise_image()), darknet_py.load(cfg, weights)(noise_image()))


def test_refusals(tmp_path: Path) -> None:
    cfg, weights = files(tmp_path)
    with pytest.raises(DarknetError, match="unknown precision 'fp31'.*did you mean 'fp32'"):
        darknet_py.load(cfg, weights, precision="fp31")
    with pytest.raises(DarknetError, match="unknown fork 'pjredie'.*did you mean 'pjreddie'"):
        darknet_py.load(cfg, weights, fork="pjredie")
    with pytest.raises(WeightsError, match="no such file"):
        darknet_py.load(cfg, tmp_path / "none.weights")
    cfg.write_text(cfg.read_text().split("[yolo]")[0])
    with pytest.raises(DarknetError, match=r"has no detection head, it ends in \[convolutional\]"):
        darknet_py.load(cfg, weights)


def test_a_single_image_list_file_is_a_list(detector: Detector, tmp_path: Path) -> None:
    save(tmp_path, "a.png")
    (tmp_path / "l.txt").write_text("a.png\n")
    assert isinstance(detector(tmp_path / "l.txt"), list)


def test_what_is_compiled_is_the_callers_to_say(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[EngineConfig] = []
    real = darknet_py.detect.detector.open_engine

    def opened(network: Network, config: EngineConfig, *, shared: bool) -> Engine:
        asked.append(config)
        return real(network, EngineConfig())

    monkeypatch.setattr("darknet_py.detect.detector.open_engine", opened)
    cfg, weights = files(tmp_path)
    network = Network.from_cfg(cfg)
    Detector(network, ["a", "b", "c"])
    Detector(network, ["a", "b", "c"], compiled=True)
    darknet_py.load(cfg, weights, ["a", "b", "c"])
    darknet_py.load(cfg, weights, ["a", "b", "c"], compiled=True)
    assert [config.compiled for config in asked] == [None, True, None, True]
    assert asked[0] == asked[2] == EngineConfig()
