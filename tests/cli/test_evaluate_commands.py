"""`map`, `valid`, `valid2`, `recall`, `eval coco`, `eval voc`: every flag, and bad input."""

from __future__ import annotations

import json
import re
from pathlib import Path

import cv2
import pytest
from click.testing import CliRunner, Result
from support.labelled import data_set

from darknet_py.cli.main import main

NET = ("n.data", "n.cfg", "n.weights", "--nogpu")


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working folder: n.data with n.cfg, n.weights, n.names, valid.txt, a.png and b.png."""
    data_set(tmp_path)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def darknet(*words: str) -> Result:
    return CliRunner().invoke(main, list(words))


def evaluated(*words: str) -> Result:
    result = darknet("map", *NET, *words)
    assert result.exit_code == 0, result.stderr
    return result


def ap(result: Result) -> float:
    match = re.search(r"mean average precision \(mAP@\S+\) = (\d\.\d{6}), or", result.stdout)
    assert match
    return float(match.group(1))


def add(name: str, *lines: str) -> None:
    with open(name, "a") as file:
        file.write("\n".join(lines) + "\n")


def test_map_prints_alexeyabs_table_and_what_it_was_computed_with() -> None:
    result = evaluated()
    lines = result.stdout.splitlines()
    assert lines[1:3] == [
        " calculation mAP (mean average precision)...",
        " Detection layer: 2 - type = 28 ",
    ]
    assert re.fullmatch(
        r"class_id = 0, name = ant, ap = \d+\.\d\d%   \t \(TP = 2, FP = \d+\) ", lines[5]
    )
    assert lines[-1].startswith(" `-points 0` (AUC)")
    assert 0.1 < ap(result) < 0.4
    assert "valid.txt: 2 images, input 64 x 32 x 3, stretch, scores above 0.005" in result.stderr
    assert (
        "1 of the 3 classes never appear in the labels; their AP is 0 and lowers" in result.stderr
    )
    assert "Total Detection Time: 0 Seconds" in result.stderr
    assert "milliseconds of a thread for each: reading" in result.stderr


def test_detector_map_is_the_same_command() -> None:
    words = ("-thresh", ".3", "-points", "11", "-iou_thresh", ".6", "-letter_box", "-i", "0")
    long = darknet("detector", "map", *NET, *words)
    assert long.stdout == evaluated(*words).stdout
    assert "used 11 Recall-points" in long.stdout and "conf_thresh = 0.30" in long.stdout
    assert "IoU threshold = 60 %" in long.stdout


@pytest.mark.parametrize("word", ["map", "valid", "recall"])
@pytest.mark.parametrize("names", ["ant\n", "ant\nbee\ncow\ndog\n"])
def test_another_number_of_names_is_a_warning(here: Path, word: str, names: str) -> None:
    plain = darknet("detector", word, *NET)
    (here / "n.names").write_text(names)
    result = darknet("detector", word, *NET)
    assert (result.exit_code, plain.exit_code) == (0, 0)
    count = names.count("\n")
    warning = f"n.names: has {count} names, the network has classes=3; "
    assert result.stderr.count(warning) == 1
    if word == "map" and count == 1:
        assert [f"name = {name}," in result.stdout for name in ("ant", "1", "2")] == [True] * 3
    else:
        assert result.stdout == plain.stdout


@pytest.mark.parametrize(
    ("words", "lines"),
    [
        ("map -dont_show", ["-dont_show: no effect: only demo opens a window"]),
        (
            "map -dont_show -ext_output",
            [
                "-dont_show: no effect: only demo opens a window",
                "-ext_output: no effect: this command",
            ],
        ),
        ("valid -dont_show", ["-dont_show: no effect: only demo opens a window"]),
        ("valid -thresh 0.1", ["-thresh: no effect: this command does not read it, as in Darknet"]),
        (
            "recall -out log.txt -gpu 0 -thresh .5",
            ["-out: no effect: this command", "-gpu 0: unknown option", "-thresh: no effect: this"],
        ),
        ("calc_anchors -num_of_clusters 2 -width 416 -height 416 -show 0", ["-show 0: the flag"]),
        (
            "calc_anchors -num_of_clusters 2 -width 416 -height 416 -showpause",
            ["-showpause: unknown option, it has no effect; did you mean '-show'?"],
        ),
        ("train -max_batches 1 -clear 1", ["-clear 1: the flag takes no value"]),
        ("train -max_batches 1 -out name", ["-out: no effect: this command does not read it"]),
        (
            "-map -dont_show -verbose train -max_batches 1 -mjpeg_port 8090",
            ["-dont_show: no effect", "-verbose: no effect", "-mjpeg_port: no effect"],
        ),
    ],
)
def test_options_of_other_words(here: Path, words: str, lines: list[str]) -> None:
    """Each runs in AlexeyAB's program, which takes options out before it looks at the word."""
    add("n.data", "train=valid.txt")
    files = NET[:1] if "calc_anchors" in words else NET
    result = darknet("detector", *words.split(), *files, "-nogpu")
    assert result.exit_code == 0, result.output
    assert [result.stderr.count(line) for line in lines] == [1] * len(lines)


def test_letter_box_changes_nothing_as_in_the_c_program() -> None:
    assert evaluated("-letter_box").stdout == evaluated().stdout
    assert "letter_box=1 in [net]" in " ".join(darknet("map", "--help").stdout.split())


def test_fork_width_height_and_batch_are_used() -> None:
    plain = evaluated()
    assert evaluated("--batch", "1").stdout == plain.stdout
    assert "input 128 x 64 x 3" in evaluated("--width", "128", "--height", "64").stderr
    assert "letterbox" in evaluated("--fork", "pjreddie").stderr
    assert evaluated("--device", "cpu").stdout == plain.stdout


def test_engine_precision_and_compile_are_passed_on(here: Path) -> None:
    plain, near = evaluated(), evaluated("--precision", "bf16")
    assert "torch cpu fp32" in plain.stderr and "torch cpu bf16" in near.stderr
    assert ap(near) == pytest.approx(ap(plain), abs=0.2)
    for words in ("map", "detector valid", "detector valid2", "detector recall"):
        refused = darknet(*words.split(), *NET, "--engine", "torhc")
        assert refused.exit_code == 1
        assert "unknown engine 'torhc'" in refused.stderr and "'torch'" in refused.stderr
    for words in ("detector valid", "detector recall"):
        assert darknet(*words.split(), *NET, "--precision", "bf16").exit_code == 0


def test_out_and_coco(here: Path) -> None:
    result = evaluated("-out", "o.json", "-out", "o.csv", "--coco")
    written = json.loads((here / "o.json").read_text())
    assert written["mAP"] == pytest.approx(ap(result), abs=1e-6)
    assert (written["cfg"], written["weights"]) == ("n.cfg", "n.weights")
    assert written["image_set"].endswith("valid.txt")
    line = result.stdout.splitlines()[-12]
    assert line.startswith(" Average Precision  (AP) @[ IoU=0.50:0.95 | area=   all | maxDets=100")
    assert f"{written['coco']['AP']:.3f}" == line[-5:]
    assert (here / "o.csv").read_text().startswith("class_id,name,ap,TP,FP,FN,truths,")
    assert "coco" not in json.loads(self_written(here))


def test_curves_confusion_and_worst(here: Path) -> None:
    pytest.importorskip("matplotlib")
    words = ("--curves", "c.png", "--confusion", "m.svg", "--worst", "1", "w")
    result = evaluated(*words)
    assert result.stdout == evaluated().stdout
    assert cv2.imread("c.png").std() > 5
    assert "<svg" in (here / "m.svg").read_text()
    assert [path.suffix for path in (here / "w").iterdir()] == [".jpg"]
    assert "w: the 1 images with most errors" in result.stderr
    thresh, f1 = re.findall(r"-thresh (\S+) the F1-score .* highest: (\S+)", result.stderr)[0]
    assert f"F1-score = {f1} " in evaluated("-thresh", thresh).stdout


def self_written(folder: Path) -> str:
    evaluated("-out", "p.json")
    return (folder / "p.json").read_text()


def test_difficult_of_the_data_file_is_used(here: Path) -> None:
    text = (here / "a.txt").read_text().splitlines()
    (here / "a.txt").write_text(text[1] + "\n")
    (here / "d.txt").write_text(text[0] + "\n")
    plain = evaluated()
    (here / "d.list").write_text("d.png\nd2.png\n")
    add("n.data", "difficult=d.list")
    excused = evaluated()
    assert ap(excused) > ap(plain)
    counts = [re.findall(r"detections_count = (\d+)", r.stdout)[0] for r in (excused, plain)]
    assert int(counts[0]) < int(counts[1])


def test_a_label_file_that_is_missing_is_said(here: Path) -> None:
    (here / "b.txt").unlink()
    said = evaluated().stderr
    assert "warning: 1 of 2 images have no label file and count as images without objects" in said
    assert "b.txt" in said


# what is wrong -> (file, its content or None to remove it, the one line)
BAD: dict[str, tuple[str, str | None, str]] = {
    "data missing": ("n.data", None, "n.data: no such file"),
    "no valid": ("n.data", "names=n.names\n", "n.data: has no valid= line"),
    "list missing": ("valid.txt", None, "valid.txt: no such file; expected a list"),
    "list empty": ("valid.txt", "", "valid.txt: the list names no images"),
    "images missing": (
        "valid.txt",
        "x.png\ny.png\n",
        "valid.txt: none of 2 images is there, the first is x.png",
    ),
    "images damaged": ("valid.txt", "n.png\n", "none of 1 images can be read, the first: n.png"),
    "class beyond the names": ("b.txt", "3 .5 .5 .1 .1", "b.txt: label 1 has class 3, expected 0"),
    "map without tree": ("m.map", "0\n1\n2\n", "tree= is not set; take map= out of the .data file"),
    "map of words": ("m.map", "0\none\n", "m.map: read 'one', expected one class number a line"),
    "map empty": ("m.map", "", "m.map: is empty, expected one class number a line"),
    "weights swapped": ("n.weights", "[net]\n", "n.weights: is a cfg"),
}


NOT_READ = {
    ("valid", "class beyond the names"),
    ("recall", "map without tree"),
}
CASES = [(word, what) for word in ("map", "valid", "recall") for what in BAD]


@pytest.mark.parametrize(("word", "what"), [case for case in CASES if case not in NOT_READ])
def test_bad_files_are_one_clear_line(here: Path, word: str, what: str) -> None:
    name, content, expected = BAD[what]
    if "n.png" in str(content):
        (here / "n.png").write_text("hello")
        (here / "n.txt").write_text("0 .5 .5 .5 .5")
    if name == "m.map":
        add("n.data", "map=m.map")
    (here / name).unlink(missing_ok=True)
    if content is not None:
        (here / name).write_text(content)
    result = darknet("detector", word, *NET)
    assert result.exit_code == 1
    errors = [line for line in result.stderr.splitlines() if line.startswith("darknet-py: error: ")]
    assert len(errors) == 1 and expected in errors[0]
    assert "Traceback" not in result.stderr and "nan" not in result.stdout


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (("-thresh", "25"), "thresh is 25, expected 0 to 1"),
        (("-points", "1"), "points is 1, expected 0 (area)"),
        (("--curves", "o.bmp"), "o.bmp: figures are drawn as .png, .jpg, .svg, .pdf"),
        (("--confusion", "gone/o.png"), "the folder gone does not exist"),
        (("-out", "gone/o.json"), "the folder gone does not exist"),
        (("--worst", "0", "w"), "--worst is 0, expected 1 image or more"),
    ],
)
def test_bad_options_are_one_clear_line(words: tuple[str, ...], expected: str) -> None:
    if {"--curves", "--confusion"} & set(words):
        pytest.importorskip("matplotlib")
    result = darknet("map", *NET, *words)
    assert result.exit_code == 1 and result.stdout == ""
    assert expected in result.stderr.splitlines()[-1]


def numbered(here: Path) -> None:
    for number, name in enumerate("ab", 1):
        for suffix in (".png", ".txt"):
            (here / f"{name}{suffix}").rename(here / f"{number}{suffix}")
    (here / "valid.txt").write_text("1.png\n2.png\n")


def test_valid_writes_what_eval_coco_reads(here: Path) -> None:
    numbered(here)
    add("n.data", "eval=coco", "results=r")
    result = darknet("detector", "valid", *NET, "-out", "mine")
    assert result.stdout == " Detection layer: 2 - type = 28 \n"
    found = json.loads((here / "r" / "mine.json").read_text())
    assert f"r: {len(found)} boxes in 2 images" in result.stderr
    assert "Total Detection Time: 0." in result.stderr
    truth = {"images": [{"id": 1}, {"id": 2}, {"id": 3}], "categories": [{"id": 1}, {"id": 2}]}
    truth["categories"].append({"id": 3})
    best = max(found, key=lambda entry: entry["score"])
    annotations = [{k: best[k] for k in ("image_id", "category_id", "bbox")}]
    annotations.append(annotations[0] | {"image_id": 3})
    (here / "a.json").write_text(json.dumps(truth | {"annotations": annotations}))
    scored = darknet("eval", "coco", "a.json", "r/mine.json")
    assert scored.stdout.count("\n") == 12 and "Average Recall" in scored.stdout
    assert "it names 2 of 3 images, nothing was found in the others" in scored.stderr
    named = darknet("eval", "coco", "a.json", "r/mine.json", "--named_only")
    assert "the others are left out" in named.stderr and named.stdout != scored.stdout
    assert "expected a list, each result an" in darknet("eval", "coco", "a.json", "a.json").stderr


def test_valid_writes_what_eval_voc_reads(here: Path) -> None:
    darknet("detector", "valid", *NET)
    assert (here / "results" / "comp4_det_test_ant.txt").exists()
    scored = darknet("eval", "voc", "n.data", "--labels")
    rows = dict(re.findall(r"AP for (\w+) = (\d\.\d{4})", scored.stdout))
    assert float(rows["ant"]) > 0.5 and float(rows["cow"]) == 0
    assert scored.stdout.splitlines()[-1] == f"Mean AP = {float(rows['ant']) / 3:.4f}"
    assert "YOLO labels, hits above IoU 0.5, area under the curve" in scored.stderr
    darknet("detector", "valid", *NET, "-out", "x_")
    words = ("eval", "voc", "n.data", "results", "--labels", "--prefix", "x_")
    other = darknet(*words, "-points", "11", "-iou_thresh", ".999")
    assert "hits above IoU 0.999, 11 recall points" in other.stderr
    assert other.stdout != scored.stdout
    assert "a.xml: cannot be read" in darknet("eval", "voc", "n.data").stderr
    both = darknet("eval", "voc", "n.data", "--labels", "--annotations", ".")
    assert "against labels or against annotations, not both" in both.stderr


def test_valid2_averages_with_the_mirror_image(here: Path) -> None:
    add("n.data", "eval=imagenet")
    darknet("detector", "valid", *NET)
    plain = (here / "results" / "imagenet-detection.txt").read_text()
    assert darknet("detector", "valid2", *NET).exit_code == 0
    averaged = (here / "results" / "imagenet-detection.txt").read_text()
    assert averaged != plain and len(averaged.splitlines()) > 100


def test_coco_needs_images_with_numbers(here: Path) -> None:
    add("n.data", "eval=coco")
    result = darknet("detector", "valid", *NET)
    assert "a.png: its name holds no number for COCO's image_id" in result.stderr
    assert list((here / "results").iterdir()) == []


def test_recall_prints_darknets_line_after_each_image() -> None:
    result = darknet("detector", "recall", *NET, "--batch", "1")
    lines = [line for line in result.stderr.splitlines() if "RPs/Img" in line]
    assert len(lines) == 2 and lines[0].startswith("    0 ") and lines[1].startswith("    1 ")
    assert result.stdout == lines[1] + "\n"


def test_calc_anchors_prints_darknets_lines_and_writes_its_files(here: Path) -> None:
    add("n.data", "train=valid.txt")
    words = ("detector", "calc_anchors", "n.data")
    result = darknet(*words, "-num_of_clusters", "2", "-width", "416", "-height", "416")
    assert result.exit_code == 0
    lines = [line for line in result.stdout.splitlines() if line]
    assert lines[:4] == [
        " num_of_clusters = 2, width = 416, height = 416 ",
        " read labels from 2 images ",
        " all loaded. ",
        " calculating k-means++ ...",
    ]
    assert "counters_per_class = 2, 0, 2" in lines
    assert re.search(r"\n avg IoU = \d+\.\d\d % \n", result.stdout)
    assert lines[-2:] == [
        "Saving anchors to the file: anchors.txt ",
        f"anchors = {(here / 'anchors.txt').read_text()}",
    ]
    assert (here / "anchors.txt").read_text().startswith("0.4160,0.4160, ")
    assert (here / "counters_per_class.txt").read_text() == "counters_per_class = 2, 0, 2"
    small = darknet(*words, "-num_of_clusters", "1", "-width", "13", "-height", "13")
    assert re.search(r"anchors = \d\.\d{4},\d\.\d{4}\n", small.stdout)


def test_calc_anchors_compares_with_a_cfg_and_writes_a_new_one(here: Path) -> None:
    add("n.data", "train=valid.txt")
    words = ("detector", "calc_anchors", "n.data", "n.cfg")
    result = darknet(*words, "--write_cfg", "new.cfg", "--runs", "3", "--seed", "1")
    assert " num_of_clusters = 2, width = 64, height = 32 " in result.stdout
    assert re.search(r"the 2 anchors of n.cfg: avg IoU = \d+\.\d\d %", result.stdout)
    assert "layer 2 [yolo], stride 2: mask=0,1, filters=16" in result.stdout
    text = (here / "new.cfg").read_text()
    assert f"anchors={(here / 'anchors.txt').read_text()}" in text
    assert darknet("summary", "new.cfg").exit_code == 0


def test_calc_anchors_draws_the_boxes(here: Path) -> None:
    pytest.importorskip("matplotlib")
    add("n.data", "train=valid.txt")
    darknet("detector", "calc_anchors", "n.data", "n.cfg", "-show")
    image = cv2.imread(str(here / "cloud.png"))
    assert image.shape[0] > 500 and image.std() > 5


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ((), "give -width 416 -height 416, or the cfg behind the .data file"),
        (("n.cfg", "-num_of_clusters", "9"), "different box sizes cannot make 9 anchors"),
        (("-width", "416", "-height", "416", "--write_cfg", "x"), "needs the cfg to start from"),
        (("n.cfg", "--write_cfg", "gone/x.cfg"), "the folder gone does not exist"),
    ],
)
def test_calc_anchors_refuses(words: tuple[str, ...], expected: str) -> None:
    add("n.data", "train=valid.txt")
    result = darknet("detector", "calc_anchors", "n.data", *words)
    assert result.exit_code == 1 and expected in result.stderr


def test_calc_anchors_leaves_wrong_labels_out(here: Path) -> None:
    add("n.data", "train=valid.txt")
    (here / "a.txt").write_text("0 .5 .5 0 .5\n0 .5 .5 .5 1.5\n1 .5 .5 .5 .5\n")
    result = darknet("detector", "calc_anchors", "n.data", "n.cfg")
    assert "warning: 2 labels have no width and height in 0 to 1" in result.stderr
    assert "the first in " in result.stderr and "a.txt" in result.stderr
    assert "counters_per_class = 1, 1, 1" in result.stdout
    for name in ("a.txt", "b.txt"):
        (here / name).write_text("")
    refused = darknet("detector", "calc_anchors", "n.data", "n.cfg")
    assert "valid.txt: no usable label for any of 2 images" in refused.stderr


def test_compare_files_and_commands(here: Path) -> None:
    evaluated("-out", "one.json")
    evaluated("-out", "two.json", "-points", "11")
    result = darknet("compare", "one.json", "two.json", "--show", "1")
    assert "computed with points: 0 -> 11" in result.stdout
    words = "detect n.cfg n.weights a.png -thresh .3 --nogpu"
    same = darknet("compare", words, words)
    assert same.exit_code == 0, same.stderr
    assert re.search(r"(\d+) boxes in A, \1 in B: \1 the same\n", same.stdout)
    lenient = darknet("compare", "one.json", "one.json", "--score", "0", "--iou", "1")
    assert lenient.stdout == "0 of 3 classes have another AP\n"
    names = {path.name for path in here.iterdir()}
    assert not any(name.startswith(("predictions", "image")) for name in names)


@pytest.mark.parametrize(
    ("run", "expected"),
    [
        ("gone.json", "gone.json: cannot be read: No such file"),
        ("rm -r x", "'rm -r x' is neither a file nor one of the commands detect, "),
        ("map n.data gone.cfg n.weights", "failed: darknet-py: error: gone.cfg: no such file"),
    ],
)
def test_compare_refuses(run: str, expected: str) -> None:
    result = darknet("compare", run, run)
    assert result.exit_code == 1 and expected in result.stderr
