"""`calc_anchors` from its options to what it prints and writes."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from darknet_py.anchors.command import run
from darknet_py.errors import DarknetError
from darknet_py.options.evaluation import AnchorOptions


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two images with three usable labels of two sizes, and one that is not."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.txt").write_text("0 .5 .5 .25 .5\n1 .5 .5 .25 .5\n")
    (tmp_path / "b.txt").write_text("0 .5 .5 .5 .125\n0 .5 .5 .5 0\n")
    (tmp_path / "t.list").write_text("a.png\nb.png\n")
    (tmp_path / "n.data").write_text("classes=3\ntrain=t.list\n")
    return tmp_path


def test_darknets_lines_and_files(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run(AnchorOptions(data="n.data", num_of_clusters=2, width=320, height=320))
    printed = capsys.readouterr()
    lines = [line for line in printed.out.splitlines() if line]
    assert lines[0] == " num_of_clusters = 2, width = 320, height = 320 "
    assert lines[1] == " read labels from 2 images "
    assert lines[-4:] == [
        "counters_per_class = 2, 1, 0",
        " avg IoU = 100.00 % ",
        "Saving anchors to the file: anchors.txt ",
        "anchors = 160, 40,  80,160",
    ]
    assert (here / "anchors.txt").read_text() == "160, 40,  80,160"
    assert (here / "counters_per_class.txt").read_text() == "counters_per_class = 2, 1, 0"
    warning = "warning: 1 labels have no width and height in 0 to 1 and are left out"
    listed = "warning: 1 wrong labels are named in bad_label.list"
    assert printed.err == f"{warning}, the first in b.txt\n{listed}\n"


def test_the_unit_is_asked_for() -> None:
    with pytest.raises(DarknetError, match="give -width 416 -height 416, or the cfg"):
        run(AnchorOptions(data="n.data"))


def test_the_cfgs_own_anchors_over_the_same_boxes(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Of its two anchors the one fits two of three labels, the other covers half of the third."""
    layer = "[convolutional]\nfilters=16\nsize=1\nstride=32\n"
    head = "[yolo]\nclasses=3\nnum=2\nmask=0,1\nanchors=80,160, 80,40\n"
    (here / "n.cfg").write_text(f"[net]\nwidth=320\nheight=320\nchannels=3\n{layer}{head}")
    run(AnchorOptions(data="n.data", cfg="n.cfg", num_of_clusters=2, write_cfg="new.cfg"))
    printed = capsys.readouterr()
    own = f"the 2 anchors of n.cfg: avg IoU = {(1 + 1 + 0.5) / 3 * 100:2.2f} %"
    assert own in printed.out.splitlines()
    assert "layer 1 [yolo], stride 32: mask=0,1, filters=16" in printed.out
    assert printed.err.endswith("new.cfg: n.cfg with these anchors, masks and filters\n")
    assert "anchors=160, 40,  80,160" in (here / "new.cfg").read_text().replace(" = ", "=")


def test_a_drawing_needs_its_package_before_anything_is_read(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    with pytest.raises(DarknetError, match="-show needs the package matplotlib"):
        run(AnchorOptions(data="gone.data", width=320, height=320, show=True))


def test_all_that_darknet_prints(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    size = {"num_of_clusters": 2, "width": 320, "height": 320}
    run(AnchorOptions(data="n.data", log_style="darknet", **size))  # type: ignore[arg-type]
    out = capsys.readouterr().out
    assert out.startswith(" GPU isn't used \n")
    counter = "".join(
        f"\r loaded \t image: {image} \t box: {box}" for image, box in ((1, 1), (1, 2), (2, 3))
    )
    box = "x = 0.500000, y = 0.500000, width = 0.500000, height = 0.000000"
    wrong = f"Wrong label: b.txt - j = 1, {box}"
    middle = f" read labels from 2 images \n\n\n{wrong} \n{counter}\n all loaded. \n\n calculating"
    assert f"{middle} k-means++ ...\n" in out
    assert (here / "bad_label.list").read_text() == f"{wrong}\n"
    assert " \n\n\ncounters_per_class = 2, 1, 0\n" in out


def test_usage_where_there_is_no_size(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(DarknetError, match="give -width 416 -height 416"):
        run(AnchorOptions(data="n.data", height=64, log_style="darknet"))
    out = capsys.readouterr().out
    assert "\n num_of_clusters = 5, width = -1, height = 64 \nUsage: darknet detector" in out
    assert out.endswith("\nError: set width and height \n")
