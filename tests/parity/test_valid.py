"""`detector valid` from the JPEGs against AlexeyAB's program on the same photographs."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from support.golden_check import SHARED

from darknet_py.cfg.names import read_names
from darknet_py.evaluate.valid import write_results
from darknet_py.network.network import load_network

pytestmark = pytest.mark.parity

ENTRIES = 97_631


@pytest.fixture(scope="module")
def ours(tmp_path_factory: pytest.TempPathFactory) -> np.ndarray:
    """(K, 7) image, category, bbox and score of each entry, in the file's order."""
    folder, models = tmp_path_factory.mktemp("results"), SHARED / "models"
    network, _ = load_network(models / "yolo-fastest-1.1.cfg", models / "yolo-fastest-1.1.weights")
    images = sorted(map(str, (SHARED / "coco-val128").glob("*.jpg")))
    written = write_results(network, images, read_names(models / "coco.names"), folder, form="coco")
    entries = json.loads((folder / "coco_results.json").read_text())
    assert written.entries == len(entries)
    return np.array([[e["image_id"], e["category_id"], *e["bbox"], e["score"]] for e in entries])


def test_every_picture_and_category_has_as_many_entries(ours: np.ndarray, shared: Path) -> None:
    theirs = json.loads((shared / "compat" / "stdout" / "valid-coco-counts.json").read_text())
    assert len(ours) == theirs["entries"] == ENTRIES
    for column, key in enumerate(("by_image", "by_category")):
        numbers, counts = np.unique(ours[:, column].astype(int), return_counts=True)
        expected = {int(number): count for number, count in theirs[key].items()}
        assert dict(zip(numbers.tolist(), counts.tolist(), strict=True)) == expected


def test_the_entries_of_the_first_pictures_stand_in_order(ours: np.ndarray, shared: Path) -> None:
    theirs = np.load(shared / "compat" / "stdout" / "valid-coco-first40.npz")
    count = len(theirs["score"])
    assert count == 25_843
    first = ours[:count]
    np.testing.assert_array_equal(first[:, 0], theirs["image_id"])
    np.testing.assert_array_equal(first[:, 1], theirs["category_id"])
    np.testing.assert_allclose(first[:, 2:6], theirs["bbox"], rtol=0, atol=0.002)
    np.testing.assert_allclose(first[:, 6], theirs["score"], rtol=0, atol=1e-5)
