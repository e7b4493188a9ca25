"""Options of commands that measure how good a network is, with AlexeyAB's defaults."""

from __future__ import annotations

from darknet_py.options.evaluation import AnchorOptions, CompareOptions, MapOptions, VocOptions
from darknet_py.options.flag import flags_of


def test_map() -> None:
    options = MapOptions(data="d", cfg="c", weights="w")
    assert (options.thresh, options.iou_thresh, options.points, options.batch) == (0.25, 0.5, 0, 4)


def test_boxes_are_needed_for_what_draws_or_compares_them() -> None:
    assert not MapOptions(data="d", cfg="c", weights="w").needs_boxes
    assert MapOptions(data="d", cfg="c", weights="w", worst=(1, "x")).needs_boxes
    assert MapOptions(data="d", cfg="c", weights="w", coco=True).needs_boxes
    assert MapOptions(data="d", cfg="c", weights="w", confusion="c.png").needs_boxes
    assert not MapOptions(data="d", cfg="c", weights="w", curves="c.png").needs_boxes


def test_files_anchors_and_runs() -> None:
    assert VocOptions(data="d").prefix == "comp4_det_test_"
    assert (AnchorOptions(data="d").runs, AnchorOptions(data="d").width) == (10, None)
    assert (CompareOptions().score, CompareOptions().iou, CompareOptions().show) == (
        0.005,
        0.98,
        10,
    )
    assert list(flags_of(VocOptions))[-4:] == ["iou_thresh", "points", "exif", "fork"]
