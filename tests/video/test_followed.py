"""Objects of a moving image that keep their numbers: by embeddings where the network has them."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import pytest
from support.coloured_squares import BLUE, GREEN, RED, cfg, detector_of, network, picture

from darknet_py.detect.embedding_tracking import EmbeddingTracker
from darknet_py.detect.pipeline import PipelineOptions
from darknet_py.detect.result import Result
from darknet_py.images.fitted_images import InputSpec
from darknet_py.images.sources import open_source
from darknet_py.options.demo import DemoOptions
from darknet_py.options.video import FollowOptions
from darknet_py.video.command import run
from darknet_py.video.followed import Following

FRAMES = [
    picture({(1, 1): RED, (6, 6): GREEN}),
    picture({(1, 1): RED, (6, 6): GREEN}),
    picture({(1, 1): GREEN, (6, 6): RED}),
    picture({(3, 3): RED, (6, 1): GREEN, (1, 6): BLUE}),
]
OPTIONS = "sim_thresh=.9\ndets_for_track=0\ndets_for_show=0"
COLOURS = {(1, 0, 0): "red", (0, 1, 0): "green", (0, 0, 1): "blue"}


def followed(options: FollowOptions, net: str = OPTIONS, as_demo: bool = False) -> list[Result]:
    detector, source = detector_of(net), open_source(FRAMES)
    following = Following.of(options, source, detector, as_demo)
    spec = InputSpec.of(detector.graph, None)
    return list(following.results(detector, source, PipelineOptions(), spec))


def numbers(result: Result) -> dict[str, int]:
    boxes = result.boxes
    assert boxes.track_id is not None and boxes.embedding is not None
    names = [COLOURS[tuple(int(v) for v in row.round())] for row in boxes.embedding]
    return dict(zip(names, boxes.track_id.tolist(), strict=True))


@pytest.mark.parametrize(
    ("options", "as_demo"), [(FollowOptions(track=True), False), (FollowOptions(), True)]
)
def test_colours_keep_their_numbers(options: FollowOptions, as_demo: bool) -> None:
    found = [numbers(result) for result in followed(options, as_demo=as_demo)]
    assert found[0] == {"red": 0, "green": 0} and sorted(found[1].values()) == [1, 2]
    assert found[2] == found[1] and found[3] == {**found[1], "blue": 0}


def test_streams_of_python_have_the_same_numbers() -> None:
    found = [numbers(result) for result in detector_of(OPTIONS).stream(FRAMES, track=True)]
    assert found[0] == {"red": 0, "green": 0} and sorted(found[1].values()) == [1, 2]
    assert found[2] == found[1] and found[3] == {**found[1], "blue": 0}


def test_what_has_not_been_seen_often_enough_is_not_shown() -> None:
    found = followed(FollowOptions(track=True), "sim_thresh=.9\ndets_for_show=2")
    assert [len(result) for result in found] == [0, 0, 2, 2]


def test_nobody_who_does_not_ask_gets_numbers() -> None:
    assert all(result.boxes.track_id is None for result in followed(FollowOptions()))


def test_tiles_have_no_embeddings() -> None:
    source = open_source(FRAMES)
    following = Following.of(FollowOptions(tile="2x2"), source, detector_of(), True)
    assert following.tracker is None and following.tiling is not None
    whole = Following.of(FollowOptions(), source, detector_of(), True)
    assert isinstance(whole.tracker, EmbeddingTracker)


def test_demo_numbers_objects_by_itself(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    net = network(OPTIONS)
    Path("s.cfg").write_text(cfg(OPTIONS))
    net.save_weights("s.weights")
    Path("s.names").write_text("square\n")
    writer = cv2.VideoWriter("s.avi", cv2.VideoWriter.fourcc(*"MJPG"), 10, (64, 64))
    for frame in FRAMES:
        writer.write(frame)
    writer.release()
    options = DemoOptions(
        cfg="s.cfg", weights="s.weights", names="s.names", source="s.avi", dont_show=True,
        json_lines="boxes.jsonl",
    )  # fmt: skip
    assert run(options) == 0
    lines = [json.loads(line) for line in Path("boxes.jsonl").read_text().splitlines()]
    tracks = [sorted(one["track_id"] for one in line["objects"]) for line in lines]
    assert tracks == [[0, 0], [1, 2], [1, 2], [0, 1, 2]]
