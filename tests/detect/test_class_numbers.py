"""-skipclasses: results without the boxes of some classes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from support import tiny_detector

from darknet_py.cli.main import main
from darknet_py.detect.class_numbers import class_numbers, without
from darknet_py.detect.result import Result
from darknet_py.detect.result_boxes import Boxes
from darknet_py.errors import DarknetError


@pytest.mark.parametrize(
    ("text", "expected"),
    [("2,5-8", {2, 5, 6, 7, 8}), ("0", {0}), ("3-3, 1", {1, 3}), ("8-5", set()), ("", set())],
)
def test_class_numbers(text: str, expected: set[int]) -> None:
    assert class_numbers(text) == expected


@pytest.mark.parametrize("text", ["dog", "1;2", "-1", "1-", "1234567"])
def test_what_is_no_class_number(text: str) -> None:
    with pytest.raises(DarknetError, match=r"-skipclasses .*expected class numbers such as 2,5-8"):
        class_numbers(text)


def result(*rows: tuple[int, int, float]) -> Result:
    """rows: box, class, confidence."""
    box, class_id, confidence = zip(*rows, strict=True)
    xywhn = np.full((len(rows), 4), 0.5, np.float32)
    boxes = Boxes(
        xywhn, np.array(confidence, np.float32), np.array(class_id), np.array(box), 10, 10
    )
    return Result("a.jpg", np.zeros((10, 10, 3), np.uint8), boxes, ["a", "dont_show", "c"])


@pytest.mark.parametrize(
    ("skipped", "left"),
    [
        ({0}, [(1, 1), (2, 2), (2, 0)]),  # a box goes with its best class, and with all of them
        ({1}, [(0, 0), (0, 2), (2, 2), (2, 0)]),  # one that is not shown too
        ({2}, [(0, 0), (0, 2), (1, 1)]),
        (set(), [(0, 0), (0, 2), (1, 1), (2, 2), (2, 0)]),
        ({0, 1, 2}, []),
    ],
)
def test_boxes_go_by_their_best_class(skipped: set[int], left: list[tuple[int, int]]) -> None:
    found = result((0, 0, 0.9), (0, 2, 0.8), (1, 1, 0.7), (2, 2, 0.6), (2, 0, 0.5))
    (changed,) = without([found], skipped)
    pairs = zip(changed.boxes.box.tolist(), changed.boxes.class_id.tolist(), strict=True)
    assert [*pairs] == left
    assert changed.path == found.path and changed.names == found.names


def test_on_the_command_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    tiny_detector.files(tmp_path)
    tiny_detector.save(tmp_path, "a.png")
    Path("n.names").write_text("one\ntwo\nthree\n")
    words = ["detect", "n.cfg", "n.weights", "a.png", "-thresh", ".1", "-nogpu"]
    everything = shown(words)
    assert {line.split(":")[0] for line in everything} == {"one", "two", "three"}
    assert 0 < len(shown([*words, "-skipclasses", "1"])) < len(everything)
    assert shown([*words, "-skipclasses", "0-2"]) == []
    assert shown([*words, "-skipclasses", "7"]) == everything
    refused = CliRunner().invoke(main, [*words, "-skipclasses", "dog"])
    assert (refused.exit_code, refused.stderr.count("\n")) == (1, 1)


def shown(words: list[str]) -> list[str]:
    done = CliRunner().invoke(main, words)
    assert done.exit_code == 0, done.output
    return [line for line in done.stdout.splitlines() if line.endswith("%")]
