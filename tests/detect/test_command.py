"""What `detect` does beside its words on the command line."""

from __future__ import annotations

import io
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import IO

import pytest
import torch
from support.image_server import Page, image_site
from support.tiny_detector import files, save

from darknet_py.detect.command import run, usual_batch
from darknet_py.detect.pipeline import Detections, Pipeline
from darknet_py.detect.predictions import PredictionPaths
from darknet_py.errors import DarknetError
from darknet_py.images.fitted_images import FittedImage
from darknet_py.network.graph import read_graph
from darknet_py.options.inference import DetectOptions

CFGS = Path(__file__).resolve().parents[2] / "cfg"


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working folder: n.cfg, n.weights, a.png, b.png, names of three classes."""
    files(tmp_path)
    save(tmp_path, "a.png", "b.png")
    (tmp_path / "n.names").write_text("ant\nbee\ncow\n")
    (tmp_path / "n.data").write_text("classes=3\nnames=n.names\n")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    ("cfg", "images", "batch"),
    [("shapes", 1, 1), ("shapes", 4, 1), ("shapes", 5, 4), ("yolov3-tiny", 100, 1)],
)
def test_small_networks_take_many_images_by_fours(cfg: str, images: int, batch: int) -> None:
    assert usual_batch(read_graph(CFGS / f"{cfg}.cfg"), images) == batch


def test_what_cannot_be_read_is_counted_and_named(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (here / "c.png").write_text("hello")
    options = DetectOptions(cfg="n.cfg", weights="n.weights", images=("a.png", "c.png", "gone.png"))
    assert run(options) == 2
    out, err = capsys.readouterr()
    assert out.count("Predicted in") == 1 and (here / "predictions_a.jpg").is_file()
    assert "c.png: not an image" in err and "gone.png: no such file" in err


def test_the_settings_are_said_once(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run(DetectOptions(cfg="n.cfg", weights="n.weights", images=("a.png", "b.png"), thresh=0.3))
    (line,) = (line for line in capsys.readouterr().err.splitlines() if line.startswith("n.cfg"))
    line = line.replace("fp32 compiled", "fp32")  # where there is a compiler
    assert "thresh 0.3, nms default 0.45, torch cpu fp32, fork alexeyab" in line


def test_names_that_repeat_take_linear_time() -> None:
    started, paths = time.perf_counter(), PredictionPaths()
    found = [str(paths.next(f"p_{number % 2}")) for number in range(40_000)]
    assert time.perf_counter() - started < 1
    assert found[:5] == ["p_0.jpg", "p_1.jpg", "p_0_2.jpg", "p_1_2.jpg", "p_0_3.jpg"]
    assert len(set(found)) == 40_000


def test_a_name_that_looks_numbered_is_not_given_twice() -> None:
    paths = PredictionPaths()
    stems = ["a", "a_2", "a", "a", "a_2", "a_3"]
    found = [paths.next(stem).name for stem in stems]
    assert found == ["a.jpg", "a_2.jpg", "a_3.jpg", "a_4.jpg", "a_2_2.jpg", "a_3_2.jpg"]


class Terminal(io.StringIO):
    """What somebody types."""

    def isatty(self) -> bool:
        return True


def test_on_a_terminal_each_path_is_asked_for_and_answered(
    here: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", Terminal("a.png\ngone.png\n b.png \n"))
    assert run(DetectOptions(cfg="n.cfg", weights="n.weights", images=())) == 1
    out, err = capsys.readouterr()
    asked = out.split("Enter Image Path: ")
    assert len(asked) == 5 and asked[0] == asked[2] == asked[4] == ""
    assert "a.png: Predicted in" in asked[1] and "b.png: Predicted in" in asked[3]
    assert "gone.png: no such file" in err
    assert [path.name for path in here.glob("*.jpg")] == ["predictions.jpg"]
    assert err.count("predictions.jpg: boxes of ") == 2


def test_of_a_pipe_every_line_is_an_image(
    here: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("a.png\n\nb.png\n"))
    assert run(DetectOptions(cfg="n.cfg", weights="n.weights", images=())) == 0
    asked = capsys.readouterr().out.split("Enter Image Path: ")
    assert ["a.png: Predicted" in asked[1], "b.png: Predicted" in asked[2]] == [True, True]
    assert (asked[0], asked[3:]) == ("", ["\n"])
    assert [path.name for path in here.glob("*.jpg")] == ["predictions.jpg"], "one, as in Darknet"


def test_of_a_pipe_a_line_may_be_the_address_of_an_image(
    here: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """That of a stream is a failure as any other, and the next line has its turn."""
    with image_site({"/b.png": Page("image/png", Path("b.png").read_bytes())}) as site:
        monkeypatch.setattr("sys.stdin", io.StringIO(f"rtsp://a/b\n{site.url}/b.png\na.png\n"))
        assert run(DetectOptions(cfg="n.cfg", weights="n.weights", images=())) == 1
    out, err = capsys.readouterr()
    assert f"{site.url}/b.png: Predicted in" in out and "a.png: Predicted in" in out
    assert "rtsp://a/b: no such file or folder" in err


def test_an_engine_that_is_not_there_is_refused_before_an_image_is_read(
    here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(self: DetectOptions) -> None:
        raise DarknetError("no such engine")

    monkeypatch.setattr(DetectOptions, "require_engine", refuse)
    (here / "a.png").write_text("no image")
    with pytest.raises(DarknetError, match="no such engine"):
        run(DetectOptions(cfg="n.cfg", weights="n.weights", images=("a.png",)))


def detected(*images: str, **choices: object) -> None:
    given = {"cfg": "n.cfg", "weights": "n.weights", "device": "cpu", "images": images}
    run(DetectOptions(**given | choices))  # type: ignore[arg-type]


def test_where_the_pictures_went(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    detected("a.png")
    assert capsys.readouterr().err.endswith("\npredictions.jpg: boxes of a.png\n")
    detected("a.png", "b.png", prefix="p")
    assert capsys.readouterr().err.endswith("\np_*.jpg: boxes of 2 images\n")


def test_no_pictures(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (here / "predictions.jpg").mkdir()
    detected("a.png", no_pictures=True)
    printed = capsys.readouterr()
    assert "a.png: Predicted in" in printed.out and "boxes of" not in printed.err
    assert [path.name for path in here.glob("*.jpg")] == ["predictions.jpg"]


@pytest.mark.parametrize(("count", "taken"), [(3, True), (2, False)])
def test_names_of_cfg_coco_data_where_they_fit(
    here: Path,
    capsys: pytest.CaptureFixture[str],
    count: int,
    taken: bool,
    as_command_line: None,
) -> None:
    (here / "cfg").mkdir()
    (here / "cfg/coco.data").write_text("names=cfg/c.names\n")
    (here / "cfg/c.names").write_text("".join(f"thing{number}\n" for number in range(count)))
    detected("a.png", thresh=0.01)
    printed = capsys.readouterr()
    assert ("thing" in printed.out) is taken
    assert ("names: cfg/c.names, of cfg/coco.data\n" in printed.err) is taken
    detected("a.png", thresh=0.01, names="n.names")
    assert "thing" not in capsys.readouterr().out, "those asked for come first"


def test_names_that_are_not_as_many_as_the_classes(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (here / "n.names").write_text("ant\n")
    detected("a.png", data="n.data", log_style="darknet")
    out = capsys.readouterr().out
    message = "number of names 1 that isn't equal to classes=3 in the file n.cfg \n"
    assert f"Kilo-batches_64) \n\n Error: in the file n.names {message}" in out
    assert "a.png: Predicted in" in out


def test_darknets_lines_come_before_a_missing_image(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(DarknetError, match="no such file"):
        detected("gone.png", log_style="darknet")
    assert capsys.readouterr().out.startswith(" GPU isn't used \n")
    with pytest.raises(DarknetError, match="no such file"):
        detected("gone.png", log_style="plain")
    assert capsys.readouterr().out == ""


def test_a_program_that_waits_for_each_answer(here: Path) -> None:
    """It writes a path when it sees the prompt, and the next one when it has the boxes."""
    words = "detector test n.data n.cfg n.weights -nogpu --log-style darknet --no-pictures"
    pipe = subprocess.PIPE
    command = [sys.executable, "-m", "darknet_py", *words.split()]
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=subprocess.DEVNULL) as program:
        assert program.stdin is not None and program.stdout is not None
        for name in (b"a.png", b"b.png"):
            assert read_until(program.stdout, b"Enter Image Path: ").endswith(b"Path: ")
            program.stdin.write(name + b"\n")
            program.stdin.flush()
            assert read_until(program.stdout, b"milli-seconds.\n").count(name) == 1
        program.stdin.close()
        rest = program.stdout.read()
    assert program.returncode == 0 and rest.endswith(b"Enter Image Path: ")


def read_until(stream: IO[bytes], end: bytes) -> bytes:
    text = b""
    while not text.endswith(end) and (byte := stream.read(1)):
        text += byte
    return text


def test_tiles_are_said_and_counted(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    detected("a.png", "b.png", no_pictures=True)
    plain = capsys.readouterr()
    detected("a.png", "b.png", no_pictures=True, tile="2x2", overlap=0.25)
    tiled = capsys.readouterr()
    assert ", stretch, tiles 2x2+1 overlap 0.25, thresh 0.24," in tiled.err
    assert "tiles" not in plain.err
    counts = [len(printed.out.splitlines()) for printed in (plain, tiled)]
    assert counts[1] > 2 * counts[0]


def test_a_single_image_has_many_tiles(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """They run on all threads, and by fours."""
    work, groups = Pipeline.__call__, list[int]()

    def counted(pipeline: Pipeline, first: int, group: Sequence[FittedImage]) -> Detections:
        groups.append(len(group))
        return work(pipeline, first, group)

    monkeypatch.setattr(Pipeline, "__call__", counted)
    before = torch.get_num_threads()
    try:
        torch.set_num_threads(1)
        detected("a.png", tile="2x2")
        assert groups == [4, 1]
        torch.set_num_threads(5)
        detected("a.png", tile="2x2")
        assert groups[2:] == [1] * 5, "one for each thread"
    finally:
        torch.set_num_threads(before)


@pytest.mark.parametrize(
    ("choices", "message"),
    [({"tile": "2*2"}, r"tile '2\*2': expected"), ({"overlap": 0.5}, "overlap 0.5 without tiles")],
)
def test_what_is_no_tiling_is_refused_before_anything_is_written(
    here: Path, choices: dict[str, object], message: str
) -> None:
    with pytest.raises(DarknetError, match=message):
        detected("a.png", **choices)
    assert list(here.glob("*.jpg")) == []
