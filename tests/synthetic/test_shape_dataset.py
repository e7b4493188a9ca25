"""A data set of drawn shapes on disk."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from darknet_py.cfg.datafile import read_data_file
from darknet_py.cfg.names import read_names
from darknet_py.data.label_paths import label_path
from darknet_py.errors import OutputError
from darknet_py.synthetic.shape_dataset import write_dataset
from darknet_py.synthetic.shape_images import draw_image
from darknet_py.synthetic.shapes import NAMES


def files(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.suffix in (".jpg", ".txt") and path.parent != folder
    }


def test_data_set_on_disk(tmp_path: Path) -> None:
    data = read_data_file(write_dataset(tmp_path / "set", 20, 3, 96, 80))
    assert data.integer("classes", 0) == 8
    assert read_names(data.options["names"]) == list(NAMES)
    lists = {key: Path(data.options[key]).read_text().split() for key in ("train", "valid")}
    assert [len(paths) for paths in lists.values()] == [18, 2]
    for number, path in enumerate(sorted(lists["train"] + lists["valid"])):
        rows = np.loadtxt(label_path(path), ndmin=2)
        expected = draw_image(np.random.default_rng((3, number)), 96, 80)
        np.testing.assert_allclose(rows, expected[1], atol=1e-6)
        error = np.abs(np.asarray(cv2.imread(path), int) - expected[0])
        assert error.mean() < 8  # JPEG's


def test_what_cannot_be_drawn(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="no shape of radius 40 fits into 64 x 90 pixels; take"):
        write_dataset(tmp_path / "other", 3, 9, 64, 90, smallest=40)
    with pytest.raises(OutputError, match="radius 0 .* or a smallest radius of 1 to 38.4"):
        write_dataset(tmp_path / "other", 3, 9, 64, 90, smallest=0)
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match="file/pictures: cannot be made: Not a directory"):
        write_dataset(tmp_path / "file", 3, 9)
    assert not (tmp_path / "other").exists()


def test_data_set_repeats_and_grows(tmp_path: Path) -> None:
    for name, images in (("a", 4), ("b", 4), ("c", 6)):
        write_dataset(tmp_path / name, images, 9, 64, 64)
    first = files(tmp_path / "a")
    assert len(first) == 8
    assert files(tmp_path / "b") == first
    grown = files(tmp_path / "c")
    assert len(grown) == 12 and first.items() <= grown.items()
    assert not list(tmp_path.rglob("*.part"))


@pytest.mark.parametrize(("width", "height"), [(65501, 32), (32, 10**9), (20000, 20000)])
def test_sizes_that_no_file_holds(tmp_path: Path, width: int, height: int) -> None:
    """Refused before any memory is taken for them."""
    with pytest.raises(OutputError, match=f"{width} x {height} pixels cannot be written or read"):
        write_dataset(tmp_path, 1, 0, width, height)
    assert list(tmp_path.iterdir()) == []
