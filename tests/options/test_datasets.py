"""Options of commands that look at a cfg, its weights or a data set."""

from __future__ import annotations

from darknet_py.options.datasets import CheckOptions, ShapesOptions, SheetOptions, SummaryOptions
from darknet_py.options.flag import flags_of


def test_warnings_are_no_errors_unless_asked() -> None:
    assert not SummaryOptions(cfg="c").strict and not CheckOptions().strict
    assert flags_of(SummaryOptions)["strict"].help == flags_of(CheckOptions)["strict"].help


def test_defaults() -> None:
    check, sheet = CheckOptions(), SheetOptions(cfg="c", data="d", out="o.jpg")
    assert (check.quick, check.findings, check.report, check.page) == (False, 5, None, None)
    assert (check.workers, check.strict) == (None, False)
    assert (sheet.images, sheet.first, sheet.seed) == (16, 0, 0)
    shapes = ShapesOptions(out="o", images=3)
    assert (shapes.width, shapes.height, shapes.visible, shapes.valid_every) == (416, 416, 0.75, 10)
    assert (shapes.seed, shapes.smallest) == (0, 18)


def test_a_shape_has_its_own_size() -> None:
    """Pixels of a drawn image, not of a network's input: it always has one."""
    assert flags_of(ShapesOptions)["width"].least == 32
    assert flags_of(SheetOptions)["width"].least == 1
