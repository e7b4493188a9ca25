"""Which labels are left out: what `check` says of a label is what training does with it."""

from __future__ import annotations

import numpy as np
import pytest

from darknet_py.augment import label_boxes
from darknet_py.augment.label_rules import REASONS, LabelLimits, any_reason, dropped, edges
from darknet_py.forks import ALEXEYAB, PJREDDIE
from darknet_py.validate.inspection import LabelRules, issue_masks
from darknet_py.validate.issues import KINDS

WIDTH, HEIGHT, CLASSES = 100, 50, 3
WHOLE = label_boxes.BoxTransform((1.0, 1.0), (0.0, 0.0))
"""The image as it is."""
SAMPLES = {
    (1, 0.5, 0.5, 0.2, 0.2): None,
    (1, np.nan, 0.5, 0.2, 0.2): "not-finite",
    (1, 0.5, 0.5, np.inf, 0.2): "not-finite",
    (3, 0.5, 0.5, 0.2, 0.2): "class-range",
    (-1, 0.5, 0.5, 0.2, 0.2): "class-range",
    (1, 0.5, 0.5, 0.0, 0.2): "no-size",
    (1, 0.5, 0.5, 0.2, -0.1): "no-size",
    (1, 0.0, 0.0, 0.5, 0.5): "outside",
    (1, 1.5, 0.5, 0.2, 0.2): "outside",
    (1, 0.5, -0.25, 0.5, 0.5): "outside",
    (1, 0.5, 0.5, 0.2, 0.0005): "tiny",
    (1, 1.0, 0.5, 0.0019, 0.2): "tiny",
}


@pytest.mark.parametrize("fork", [ALEXEYAB, PJREDDIE], ids=lambda fork: fork.name)
@pytest.mark.parametrize(("row", "reason"), SAMPLES.items())
def test_every_reason(fork: object, row: tuple[float, ...], reason: str | None) -> None:
    limits = LabelLimits.of(fork, CLASSES, WIDTH, HEIGHT)  # type: ignore[arg-type]
    bad = dropped(np.array([row], np.float32), limits)
    assert tuple(bad) == REASONS
    assert [kind for kind, mask in bad.items() if mask[0]] == ([reason] if reason else [])
    assert any_reason(bad).tolist() == [reason is not None]


def test_limits_of_the_forks() -> None:
    """A pixel of the network's input, or a thousandth of the image."""
    assert LabelLimits.of(ALEXEYAB, 3, 100, 50) == LabelLimits(3, (0.01, 0.02))
    assert LabelLimits.of(ALEXEYAB, 3, 0, 50) == LabelLimits(3, (0.0, 0.0))
    assert LabelLimits.of(PJREDDIE, 3, 100, 50) == LabelLimits(3, (0.001, 0.001))


def test_training_takes_what_check_calls_trained() -> None:
    """Random labels in and around the image, with the view that moves nothing."""
    rng = np.random.default_rng(3)
    labels = rng.uniform(-0.3, 1.3, (4000, 5)).astype(np.float32)
    labels[:, 0] = rng.integers(-1, CLASSES + 1, len(labels))
    labels[:, 3:] *= rng.choice(np.array([1, 0.02, 0], np.float32), (len(labels), 2))
    labels[rng.random(len(labels)) < 0.05, 1:3] = 0
    limits = LabelLimits.of(ALEXEYAB, CLASSES, WIDTH, HEIGHT)
    taken = labels[~any_reason(dropped(labels, limits))]
    trained = label_boxes.keep_alexeyab(
        label_boxes.transform_labels(labels, WHOLE), CLASSES, WIDTH, HEIGHT
    )
    assert 200 < len(taken) < 3000
    low, high = edges(taken)
    low, high = low.clip(0, 1), high.clip(0, 1)
    np.testing.assert_array_equal(trained[:, 0], taken[:, 0])
    np.testing.assert_array_equal(trained[:, 1:], np.hstack([(low + high) / 2, high - low]))


def test_check_names_every_reason_and_its_own_two() -> None:
    rows = np.array([*SAMPLES], np.float32)
    masks = issue_masks(rows, LabelRules(CLASSES, WIDTH, HEIGHT))
    assert set(masks) == {*REASONS, "crossing", "duplicate"} <= set(KINDS)
    expected = list(SAMPLES.values())
    for reason in REASONS:
        assert masks[reason].tolist() == [kind == reason for kind in expected]


def test_edges_of_huge_numbers_say_nothing(recwarn: pytest.WarningsRecorder) -> None:
    rows = np.array([(0, 3e38, 0, 3e38, 1), (0, np.inf, 0, np.inf, 1)], np.float32)
    low, high = edges(rows)
    assert high[0, 0] == np.inf and np.isnan(low[1, 0]) and not recwarn.list
