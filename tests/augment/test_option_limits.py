"""Values that options of augmentation must not have."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
from support.coloured_samples import graph

from darknet_py.augment.option_limits import NONE_OR_MORE, check_options
from darknet_py.errors import BadOption


def test_none_or_more() -> None:
    allowed, words = NONE_OR_MORE
    assert [allowed(value) for value in (0, 0.5, 7, -0.5, math.inf, math.nan)] == [
        *(True, True, True),
        *(False, False, False),
    ]
    assert words == "0 or more"


def test_the_first_option_beyond_its_limit(tmp_path: Path) -> None:
    net = graph(tmp_path, "blur=-3\nmixup=-2").net
    with pytest.raises(BadOption, match=r":6: \[net\] mixup: read -2, expected 0 or more$"):
        check_options(net, {"hue": NONE_OR_MORE, "mixup": NONE_OR_MORE, "blur": NONE_OR_MORE})
    check_options(net, {"blur": (lambda value: value < 0, "less than 0")})


def test_options_without_a_value_are_not_looked_at(tmp_path: Path) -> None:
    check_options(graph(tmp_path).net, {"min_crop": (lambda value: False, "nothing at all")})
