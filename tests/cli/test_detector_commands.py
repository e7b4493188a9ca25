"""`detect` and `detector test`: words, files, standard input, and every bad input in one line."""

from __future__ import annotations

import json
import re
import struct
import zlib
from pathlib import Path

import cv2
import pytest
from click.testing import CliRunner, Result
from support.image_server import Page, image_site
from support.tiny_detector import files, noise_image, save

from darknet_py.cli.main import main
from darknet_py.errors import CfgError
from darknet_py.options.inference import DetectOptions

HEADS = " Detection layer: 2 - type = 28 "


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working folder: n.cfg, n.weights, a.png, b.png, names of three classes."""
    files(tmp_path)
    save(tmp_path, "a.png", "b.png")
    (tmp_path / "n.names").write_text("ant\nbee\ncow\n")
    (tmp_path / "n.data").write_text("classes=3\nnames=n.names\n")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def darknet(*words: str, stdin: str | None = None) -> Result:
    return CliRunner().invoke(main, list(words), input=stdin)


def detect(*words: str, stdin: str | None = None) -> Result:
    return darknet("detect", "n.cfg", "n.weights", "-nogpu", *words, stdin=stdin)


def written(folder: Path) -> set[str]:
    kept = {"n.cfg", "n.weights", "a.png", "b.png", "n.names", "n.data"}
    return {path.name for path in folder.iterdir()} - kept


def test_prints_darknets_lines_and_writes_the_image(here: Path) -> None:
    result = detect("a.png", "-thresh", ".3")
    assert result.exit_code == 0
    lines = result.stdout.splitlines()
    assert lines[0] == HEADS
    assert re.fullmatch(r"a\.png: Predicted in \d+\.\d{6} milli-seconds\.", lines[1])
    assert len(lines) > 3
    assert all(re.fullmatch(r"(ant|bee|cow): \d+%", line) for line in lines[2:])
    assert cv2.imread("predictions.jpg").shape == (40, 50, 3)
    assert written(here) == {"predictions.jpg"}
    assert "3 layers, input 64 x 32 x 3, stretch, thresh 0.3, nms default 0.45" in result.stderr


def test_an_address_is_an_image_like_its_file(here: Path) -> None:
    expected = detect("a.png", "-thresh", ".3", "-out", "b.json").stdout.splitlines()
    with image_site({"/x/c.png": Page("image/png", (here / "a.png").read_bytes())}) as site:
        address = f"{site.url}/x/c.png"
        result = detect(address, "-thresh", ".3", "-out", "a.json")
        assert result.exit_code == 0 and site.paths == ["/x/c.png"]
        assert result.stdout.splitlines()[1].startswith(f"{address}: Predicted in ")
        assert result.stdout.splitlines()[2:] == expected[2:] and len(expected) > 3
        ours, theirs = (json.loads(Path(f"{name}.json").read_text()) for name in "ab")
        assert ours[0]["filename"] == address and ours[0]["objects"] == theirs[0]["objects"]
        many = detect(f"{site.url}/gone.png", "a.png", address, "-thresh", ".3")
    assert many.exit_code == 1 and many.stdout.count("Predicted in") == 2
    assert f"error: {site.url}/gone.png: cannot be fetched: answered 404" in many.stderr
    assert written(here) >= {"predictions_a.jpg", "predictions_c.jpg"}


def test_thresholds_that_a_share_cannot_be_are_taken_as_in_darknet() -> None:
    alone = ("a.png", "--no-pictures")
    assert detect(*alone, "-thresh", "1.5", "-nms", "-1").stdout.count("%") == 0
    every = detect(*alone, "-thresh", "-1", "-nms", "2").stdout.splitlines()
    expected = detect(*alone, "-thresh", "0", "-nms", "1").stdout.splitlines()
    assert every[2:] == expected[2:] and len(every) > 9


def test_detector_test_takes_names_from_the_data_file(here: Path) -> None:
    (here / "n.names").rename(here / "x.names")
    (here / "n.data").write_text("classes=3\nnames=x.names\n")
    words = ("detector", "test", "n.data", "n.cfg", "n.weights", "a.png", "-nogpu")
    assert "ant:" in darknet(*words, "-thresh", ".2", "-dont_show").stdout


@pytest.mark.parametrize(
    "lines, known",
    [("ant\nbee\ncow\ndog\n", "ant|bee|cow"), ("ant\n", "ant|1|2")],
    ids=["more", "fewer"],
)
def test_another_number_of_names_is_a_warning(here: Path, lines: str, known: str) -> None:
    (here / "n.names").write_text(lines)
    (here / "n.data").write_text("classes=3\nnames=n.names\n")
    words = ("n.cfg", "n.weights", "a.png", "-nogpu", "-thresh", ".2")
    for result in (darknet("detector", "test", "n.data", *words), darknet("detect", *words)):
        warning = f"n.names: has {len(lines) // 4} names, the network has classes=3; "
        assert (result.exit_code, result.stderr.count(warning)) == (0, 1)
        boxes = result.stdout.splitlines()[2:]
        assert boxes and all(re.fullmatch(rf"({known}): \d+%", line) for line in boxes)


def test_the_forks_have_their_own_thresholds_and_words(here: Path) -> None:
    assert "thresh 0.24" in detect("a.png").stderr
    data = ("detector", "test", "n.data", "n.cfg", "n.weights", "a.png", "-nogpu")
    assert "thresh 0.25" in darknet(*data).stderr
    pjreddie = detect("a.png", "--fork", "pjreddie")
    assert "letterbox, thresh 0.5" in pjreddie.stderr
    assert re.match(r"a\.png: Predicted in \d\.\d{6} seconds\.\n", pjreddie.stdout)


def test_out_writes_alexeyabs_json(here: Path) -> None:
    detect("a.png", "b.png", "-out", "o.json", "-thresh", ".3")
    entries = json.loads((here / "o.json").read_text())
    assert [(e["frame_id"], e["filename"]) for e in entries] == [(1, "a.png"), (2, "b.png")]
    assert {"class_id", "name", "relative_coordinates", "confidence"} == set(
        entries[0]["objects"][0]
    )
    assert written(here) == {"o.json", "predictions_a.jpg", "predictions_b.jpg"}


def test_out_names_the_image_under_pjreddie(here: Path) -> None:
    detect("a.png", "-out", "found", "--fork", "pjreddie")
    assert written(here) == {"found.jpg"}


def test_images_of_the_same_name_do_not_overwrite_each_other(here: Path) -> None:
    (here / "sub").mkdir()
    save(here / "sub", "a.png")
    detect("a.png", "sub/a.png", "-prefix", "p")
    assert written(here) == {"sub", "p_a.jpg", "p_a_2.jpg"}


def test_ext_output_prints_pixels() -> None:
    line = detect("a.png", "-ext_output", "-thresh", ".3").stdout.splitlines()[2]
    number = r" *-?\d+"
    expected = (
        rf"\w+: \d+%\t\(left_x: {number}   top_y: {number}   width: {number}   height: {number}\)"
    )
    assert re.fullmatch(expected, line)


def test_save_labels_writes_beside_the_image(here: Path) -> None:
    detect("a.png", "-save_labels", "-thresh", ".3")
    rows = (here / "a.txt").read_text().splitlines()
    assert rows and all(re.fullmatch(r"[0-2]( -?\d+\.\d{4}){4}", row) for row in rows)


def test_paths_come_from_standard_input() -> None:
    result = detect("-thresh", ".3", stdin="a.png\n\nb.png\n")
    assert result.stdout.startswith(f"Enter Image Path: {HEADS}\na.png: Predicted in")
    assert f"Enter Image Path: {HEADS}\nb.png: Predicted in" in result.stdout
    assert result.stdout.endswith("Enter Image Path: \n")


def test_letter_box_nms_and_hier_are_used() -> None:
    plain = detect("a.png", "-thresh", ".3").stdout.splitlines()[2:]
    assert detect("a.png", "-thresh", ".3", "-letter_box").stdout.splitlines()[2:] != plain
    assert len(detect("a.png", "-thresh", ".3", "-nms", "0").stdout.splitlines()[2:]) > len(plain)


def test_batches_give_the_same_lines() -> None:
    def found(*words: str) -> list[str]:
        lines = detect("a.png", "b.png", "-thresh", ".3", *words).stdout.splitlines()
        return [line for line in lines if "Predicted" not in line]

    assert found("--batch", "2") == found()


def test_width_and_height_override_the_cfg() -> None:
    assert "input 32 x 64 x 3" in detect("a.png", "--width", "32", "--height", "64").stderr


def test_exif_is_the_forks_unless_told(here: Path) -> None:
    ok, data = cv2.imencode(".jpg", noise_image())
    assert ok
    tiff = b"MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0"
    segment = b"Exif\0\0" + tiff
    head = b"\xff\xd8\xff\xe1" + struct.pack(">H", len(segment) + 2) + segment
    (here / "t.jpg").write_bytes(head + data.tobytes()[2:])
    stored, upright = (40, 50), (50, 40)
    for words, shape in (
        ((), upright),
        (("--no-exif",), stored),
        (("--fork", "pjreddie"), stored),
        (("--fork", "pjreddie", "--exif"), upright),
    ):
        detect("t.jpg", *words)
        assert cv2.imread("predictions.jpg").shape[:2] == shape


def test_one_unreadable_image_of_many_is_named_and_the_rest_goes_on(here: Path) -> None:
    (here / "x.jpg").write_text("hello")
    result = detect("a.png", "x.jpg", "gone.jpg", "b.png", "-out", "o.json")
    assert result.exit_code == 1
    errors = [line for line in result.stderr.splitlines() if "error" in line]
    assert len(errors) == 2 and "gone.jpg" in errors[0] and "x.jpg" in errors[1]
    assert [e["filename"] for e in json.loads((here / "o.json").read_text())] == ["a.png", "b.png"]


def png(width: int, height: int) -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        check = zlib.crc32(kind + data)
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", check)

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", b"") + chunk(b"IEND", b"")


NET = "[net]\nwidth=8\nheight=8\nchannels=3\n"
CONV = "[conv]\nfilters=4\nsize=3\n"
GOOD = ("n.cfg", "n.weights", "a.png")
# what is wrong -> (content of the file `bad`, the command's words, the one line)
BAD: dict[str, tuple[bytes | str | None, tuple[str, ...], str]] = {
    "cfg missing": (None, ("gone.cfg", *GOOD[1:]), "gone.cfg: no such file"),
    "cfg a directory": (None, (".", *GOOD[1:]), "is a directory, expected a cfg file"),
    "cfg empty": ("", ("bad", *GOOD[1:]), "bad: has no section at all"),
    "binary as cfg": (None, ("n.weights", *GOOD[1:]), "is a binary file, expected a cfg file"),
    "cfg without [net]": (CONV, ("bad", *GOOD[1:]), "bad:1: [conv]: is the first section"),
    "option before any section": ("a=1\n" + NET, ("bad", *GOOD[1:]), "bad:1: 'a=1' stands before"),
    "unknown section": (
        NET + "[yol]\n",
        ("bad", *GOOD[1:]),
        "bad:5: [yol]: unknown section; did you",
    ),
    "filters=abc": (
        NET + CONV.replace("4", "abc"),
        ("bad", *GOOD[1:]),
        "bad:6: [conv] filters: read 'abc', expected an integer",
    ),
    "negative size": (
        NET + CONV.replace("4", "-4"),
        ("bad", *GOOD[1:]),
        "bad:6: [conv] filters: read -4, expected at least 1",
    ),
    "negative width": (
        NET.replace("8", "-8", 1) + CONV,
        ("bad", *GOOD[1:]),
        "[net] width: read -8",
    ),
    "huge width": (
        NET.replace("8", "999999999", 1) + CONV,
        ("bad", *GOOD[1:]),
        "Darknet's limit is 2147483647; is a size in this cfg too large?",
    ),
    "route to itself": (
        NET + CONV + "[route]\nlayers=1\n",
        ("bad", *GOOD[1:]),
        "bad:9: [route] layers: read 1 = layer 1, expected an earlier layer: 0 to 0 or -1 to -1",
    ),
    "too many sections": (
        NET + "[dropout]\n" * 10**5,
        ("bad", *GOOD[1:]),
        "more than 10000 sections",
    ),
    "too many options": (NET + "a=1\n" * 10**5, ("bad", *GOOD[1:]), "more than 1000 options"),
    "weights missing": (None, ("n.cfg", "gone", "a.png"), "gone: no such file"),
    "weights empty": (b"", ("n.cfg", "bad", "a.png"), "bad: is empty"),
    "weights cut in the header": (b"\0" * 10, ("n.cfg", "bad", "a.png"), "has 10 bytes, less than"),
    "weights of zeros": (b"\0" * 100, ("n.cfg", "bad", "a.png"), "it ends inside layer 0"),
    "text as weights": (
        "hello world",
        ("n.cfg", "bad", "a.png"),
        "bad: is a text file, not weights",
    ),
    "cfg as weights": (None, ("n.cfg", "n.cfg", "a.png"), "is a cfg; are cfg and weights swapped?"),
    "image missing": (None, ("n.cfg", "n.weights", "gone.jpg"), "gone.jpg: no such file"),
    "text as image": ("hello", ("n.cfg", "n.weights", "bad"), "bad: not an image"),
    "image 0x0": (png(0, 0), ("n.cfg", "n.weights", "bad"), "an image of 0 x 0 pixels"),
    "image too large": (png(20000, 20000), ("n.cfg", "n.weights", "bad"), "20000 x 20000 pixels"),
    "names empty": ("", (*GOOD, "-names", "bad"), "bad: has no names, expected one class name"),
    "output folder missing": (
        None,
        (*GOOD, "-out", "gone/o.json"),
        "the folder gone does not exist",
    ),
    "output is a directory": (None, (*GOOD, "-out", "."), "is a directory, expected a file name"),
}


@pytest.mark.parametrize("what", BAD)
def test_bad_input_is_one_clear_line_and_nothing_written(here: Path, what: str) -> None:
    content, words, expected = BAD[what]
    if content is not None:
        (here / "bad").write_bytes(content.encode() if isinstance(content, str) else content)
    result = darknet("detect", *words, "-nogpu")
    assert result.exit_code == 1
    assert result.stdout == ""
    assert len(result.stderr.splitlines()) == 1
    assert result.stderr.startswith("darknet-py: error: ") and expected in result.stderr
    assert written(here) - {"bad"} == set()


def test_debug_shows_where_an_error_comes_from() -> None:
    result = darknet("detect", "gone.cfg", "n.weights", "a.png", "--debug")
    assert isinstance(result.exception, CfgError), "it reaches Python's own handler"


def test_a_device_that_is_not_there_is_an_error() -> None:
    result = darknet("detect", *GOOD, "--device", "gpu")
    assert result.exit_code == 1 and "unknown device 'gpu'" in result.stderr


def test_layers_are_timed_as_the_network_was_run(monkeypatch: pytest.MonkeyPatch) -> None:
    from darknet_py.benchmark import command
    from darknet_py.cli.detector_commands import _print_layers
    from darknet_py.options.benchmarking import BenchmarkOptions

    asked: list[BenchmarkOptions] = []
    monkeypatch.setattr(command, "print_layers", asked.append)
    _print_layers(DetectOptions(cfg="n.cfg", weights="n.weights", width=96, height=64, batch=2))
    (one,) = asked
    assert (one.cfg, one.weights, one.width, one.height, one.batch) == (
        *("n.cfg", "n.weights", 96, 64),
        (2,),
    )
