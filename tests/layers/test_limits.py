"""Options that size a container or a buffer end at once whatever a cfg says."""

from __future__ import annotations

import re
import time
from pathlib import Path

import pytest

from darknet_py.cfg.options import MAX_ITEMS, options_of
from darknet_py.cfg.text import parse
from darknet_py.errors import CfgError, Problems
from darknet_py.forks import ALEXEYAB
from darknet_py.layers import SECTIONS
from darknet_py.layers.net import Net
from darknet_py.network.check import check
from darknet_py.network.graph import build
from darknet_py.network.summary import summarize

LARGEST = "2147483647"
NET = "[net]\nwidth=32\nheight=32\nchannels=3\n"
HEAD = "[convolutional]\nfilters=21\nactivation=linear\n"
NEEDED = {"shortcut": "from=-2\n", "sam": "from=-2\n", "scale_channels": "from=0\n", "route": ""}
SIZES = {
    "net": {"batch", "subdivisions", "time_steps"},
    "yolo": {"num", "classes", "max"},
    "Gaussian_yolo": {"num", "classes", "max"},
    "region": {"num", "classes", "max"},
    "detection": {"num", "classes", "max"},
    "maxpool": {"size", "stride", "stride_x", "stride_y", "padding"},
    "local_avgpool": {"size", "stride", "stride_x", "stride_y", "padding"},
}
"""What lists, masks, buffers and padded images are as long as."""


def cfg(kind: str, option: str) -> str:
    if kind == "net":
        return f"{NET}{option}\n{HEAD}"
    return f"{NET}{HEAD}{HEAD}[{kind}]\n{NEEDED.get(kind, '')}{option}\n"


@pytest.mark.parametrize("kind", SIZES)
def test_sizes_have_limits(kind: str) -> None:
    for key in sorted(SIZES[kind]):
        with pytest.raises(CfgError, match=rf"{key}: read {LARGEST}, expected at most \d+"):
            build(parse(cfg(kind, f"{key}={LARGEST}"), "n.cfg", Problems()), ALEXEYAB, Problems())


def test_a_cfg_of_the_largest_number_of_anchors(tmp_path: Path) -> None:
    """The smallest input that took all memory."""
    path = tmp_path / "n.cfg"
    path.write_text(f"{NET}{HEAD}[yolo]\nclasses=2\nnum={LARGEST}\n")
    start = time.monotonic()
    errors = [str(notice) for notice in check(path) if notice.level == "error"]
    assert errors[0].endswith(f"n.cfg:10: [yolo] num: read {LARGEST}, expected at most 10000")
    assert time.monotonic() - start < 1


@pytest.mark.parametrize("name", ["net", *SECTIONS])
def test_the_largest_number_for_any_option_ends_at_once(name: str) -> None:
    """With a graph and a summary of it, or with one line of an error."""
    kind: type = Net if name == "net" else SECTIONS[name]
    for key, field in options_of(kind).items():
        if "str" in str(field.type):
            continue
        for value in (LARGEST, f"-{LARGEST}", "1" + ",1" * MAX_ITEMS):
            start, problems = time.monotonic(), Problems()
            try:
                sections = parse(cfg(name, f"{key}={value}"), "n.cfg", problems)
                summarize(build(sections, ALEXEYAB, problems)).text()
            except CfgError as error:
                assert len(str(error)) < 300, (key, value)
            assert time.monotonic() - start < 5, (key, value)


def test_lists_have_limits() -> None:
    words = ",".join(["1"] * (MAX_ITEMS + 1))
    message = f"[yolo] anchors: a list of {MAX_ITEMS + 1} values, expected at most {MAX_ITEMS}"
    with pytest.raises(CfgError, match=re.escape(message)):
        build(parse(cfg("yolo", f"anchors={words}"), "n.cfg", Problems()), ALEXEYAB, Problems())


@pytest.mark.parametrize(
    ("kind", "option", "message"),
    [
        ("local", "pad=50000", "pad: its last window ends before the image begins"),
        ("implicit", "std=-1", "std: read -1.0, expected at least 0"),
        ("implicit", "std=nan", "std: read nan, expected at least 0"),
        ("implicit", "mean=inf", "mean: read inf, expected at most 1e+30"),
        ("maxpool", "stride=50000", "stride: read 50000, expected at most 8192"),
    ],
)
def test_numbers_that_no_layer_can_be_made_of(kind: str, option: str, message: str) -> None:
    with pytest.raises(CfgError, match=re.escape(message)):
        build(parse(cfg(kind, option), "n.cfg", Problems()), ALEXEYAB, Problems())
