"""`detect` of one image: by torch the first time, then without it, with the same lines."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from support.phone_network import need_compiler
from support.tiny_detector import CFG, files, save

from darknet_py.detect import command, stored_detector
from darknet_py.detect.stored_detector import stored_key
from darknet_py.errors import OutputError
from darknet_py.network.load import load_model
from darknet_py.network.network import Network
from darknet_py.options.inference import DetectOptions

OPTIONS = DetectOptions(cfg="n.cfg", weights="n.weights", images=("a.png",), thresh=0.1)
STORED_KEY = stored_key
RUN = """
import sys
from darknet_py.cli.main import run
try:
    run()
finally:
    sys.stderr.write(f"torch: {'torch' in sys.modules}")
"""


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """n.cfg, n.weights, a.png in the working folder; a machine where nothing is stored."""
    need_compiler()
    stored: dict[str, Path] = {}

    def kept(key: str, suffix: str, make: object) -> Path:
        stored[key] = tmp_path / f"{key}{suffix}"
        make(stored[key])  # type: ignore[operator]
        return stored[key]

    monkeypatch.setattr(stored_detector, "kept", kept)
    monkeypatch.setattr(stored_detector, "found", lambda key, suffix: stored.get(key))
    monkeypatch.setattr(command, "stored_key", STORED_KEY)
    monkeypatch.setattr(stored_detector, "maybe_gpu", lambda: False)
    files(tmp_path)
    save(tmp_path, "a.png", "b.png")
    (tmp_path / "n.names").write_text("ant\nbee\ncow\n")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def key(options: DetectOptions = OPTIONS, images: tuple[str, ...] = ("a.png",)) -> str | None:
    model = load_model(options.cfg, options.weights, width=options.width, height=options.height)
    return stored_key(model, options, images)


def lines(capsys: pytest.CaptureFixture[str], options: DetectOptions = OPTIONS) -> list[str]:
    """What is said but for the time, and the image that is written."""
    assert command.run(options) == 0
    said = capsys.readouterr()
    picture = cv2.imread("predictions.jpg")
    told = [line.partition(": Predicted in")[0] for line in (said.out + said.err).splitlines()]
    return [*told, "" if picture is None else str(picture.tobytes())]


@pytest.mark.parametrize(
    "options",
    [
        OPTIONS,
        replace(OPTIONS, letter_box=True, ext_output=True, names="n.names"),
        replace(OPTIONS, exact=True, width=96, fork="pjreddie", no_pictures=True),
        replace(OPTIONS, out="a.json", nms=0.0, skipclasses="1", device="cpu"),
    ],
)
def test_the_second_run_says_the_same(
    options: DetectOptions, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    first = lines(capsys, options)
    assert sum("%" in line for line in first) > 1
    monkeypatch.setattr(command, "_torch_detector", None)
    assert lines(capsys, options) == first
    with pytest.raises(TypeError):  # of a file that has changed nothing is stored
        Path("n.weights").write_bytes(Path("n.weights").read_bytes()[:-4] + b"\0\0\0\0")
        lines(capsys, options)


def test_the_boxes_are_those_of_the_detector(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = []
    monkeypatch.setattr(command, "_print", lambda session, result: seen.append(result))
    for name in ("a.png", "a.png", "b.png"):
        command.run(replace(OPTIONS, images=(name,)))
    first, second, other = (result.boxes for result in seen)
    assert (first.confidence == second.confidence).all() and len(first.confidence) > 3
    np.testing.assert_allclose(first.xyxy, second.xyxy, rtol=1e-6, atol=1e-5)
    assert (first.class_id == second.class_id).all()
    assert len(other.confidence) != len(first.confidence) or (other.xyxy != first.xyxy).any()


@pytest.mark.parametrize(
    "options",
    [
        replace(OPTIONS, engine="onnxruntime"),
        replace(OPTIONS, precision="bf16"),
        replace(OPTIONS, compiled=False),
        replace(OPTIONS, compiled=True),
        replace(OPTIONS, tile="2x2"),
        replace(OPTIONS, device="cuda"),
        replace(OPTIONS, gpu=1),
    ],
)
def test_whatever_is_not_usual_goes_by_torch(options: DetectOptions) -> None:
    assert key(OPTIONS) is not None
    assert key(options) is None


def test_several_images_and_machines_with_a_gpu_go_by_torch(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert key(images=("a.png", "b.png")) is None and key(images=()) is None
    monkeypatch.setattr(stored_detector, "maybe_gpu", lambda: True)
    assert key() is None
    assert key(replace(OPTIONS, nogpu=True)) == key(replace(OPTIONS, device="cpu")) is not None


def test_the_key_is_of_all_that_the_boxes_depend_on(
    here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (here / "moved").mkdir()
    (here / "moved" / "m.cfg").write_bytes((here / "n.cfg").read_bytes())
    assert key(replace(OPTIONS, cfg="moved/m.cfg")) == key()
    keys = {key(), key(replace(OPTIONS, width=96)), key(replace(OPTIONS, exact=True))}
    (here / "n.cfg").write_text(CFG.format(channels=3).replace("leaky", "relu"))
    keys.add(key())
    files(here)
    monkeypatch.setenv(stored_detector.THREADS, "7")
    keys.add(key())
    monkeypatch.setattr(stored_detector, "code_digest", lambda: b"of another version")
    keys.add(key())
    assert len(keys) == 6 and None not in keys


def test_weights_that_end_early_are_left_to_torch(here: Path) -> None:
    whole = Network.from_cfg(here / "n.cfg", seed=1)
    whole.save_weights(here / "n.weights", cutoff=1)
    assert key() is None


def test_what_has_something_to_warn_of_is_not_stored(
    here: Path, caplog: pytest.LogCaptureFixture
) -> None:
    network = Network.from_cfg(here / "n.cfg", seed=1)
    next(iter(network.parameters())).data.view(-1)[0] = float("nan")
    network.save_weights(here / "n.weights")
    for _ in range(2):
        caplog.clear()
        command.run(OPTIONS)
        assert "n.weights" in caplog.text
    assert not list(here.glob("*.program"))


@pytest.mark.parametrize("limit", ["MOST_WEIGHTS", "MOST_BYTES"])
def test_a_network_that_takes_much_room_is_not_stored(
    here: Path, monkeypatch: pytest.MonkeyPatch, limit: str
) -> None:
    monkeypatch.setattr(stored_detector, limit, 1000)
    command.run(OPTIONS)
    assert not list(here.glob("*.program"))


@pytest.mark.parametrize("failing", ["kept", "found"])
def test_a_cache_that_cannot_be_used_is_no_failure(
    failing: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(*_: object) -> None:
        raise OutputError("read only")

    monkeypatch.setattr(stored_detector, failing, fail)
    assert lines(capsys) == lines(capsys)


def test_torch_is_not_imported(
    here: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """In a process of its own, with what this one has left in the usual cache."""
    monkeypatch.undo()
    monkeypatch.chdir(here)
    command.run(replace(OPTIONS, device="cpu"))
    first = capsys.readouterr().out
    words = ("detect", "n.cfg", "n.weights", "a.png", "-thresh", "0.1", "--device", "cpu")
    call = [sys.executable, "-c", RUN, *words]
    second = subprocess.run(call, capture_output=True, text=True, check=True)
    assert second.stderr.endswith("torch: False")
    found = [line for line in first.splitlines() if "%" in line]
    assert found == [line for line in second.stdout.splitlines() if "%" in line] != []
