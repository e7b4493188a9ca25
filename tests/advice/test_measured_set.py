"""A data set in numbers, without decoding an image."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from support.sized_set import sized_set

from darknet_py.advice.measured_set import classes_of, data_names, measure
from darknet_py.cfg.datafile import read_data_file
from darknet_py.errors import DataError
from darknet_py.forks import ALEXEYAB

IMAGES = {(100, 50): [(0, 0.5, 0.5), (0, 0.25, 0.5)], (40, 80): [(1, 0.5, 0.25)], (30, 30): []}


def test_counts_and_sizes(tmp_path: Path) -> None:
    measured = measure(str(sized_set(tmp_path, IMAGES)), ALEXEYAB)
    assert (measured.images, measured.labels, measured.classes, measured.empty) == (3, 3, 2, 1)
    assert measured.image_sizes.tolist() == [[100, 50], [40, 80], [30, 30]]
    assert measured.labels_per_class == [2, 1]
    assert measured.images_per_class == [1, 1]
    assert [measured.name(number) for number in (0, 1, 2)] == ["ant", "bee", "2"]
    assert measured.beyond == 0


def test_images_are_stretched_or_fitted(tmp_path: Path) -> None:
    """Fitted into 200 x 200 the first one is twice as large, the second one 2.5 times."""
    measured = measure(str(sized_set(tmp_path, IMAGES)), ALEXEYAB)
    assert measured.at(200, 100, False).tolist() == [[100, 50], [50, 50], [100, 25]]
    assert measured.at(200, 200, True).tolist() == [[100, 50], [50, 50], [50, 50]]


def test_what_cannot_be_read_is_left_out(tmp_path: Path) -> None:
    data = sized_set(tmp_path, {**IMAGES, (60, 60): [(0, 1.5, 0.5)]})
    (tmp_path / "40x80.png").write_text("no image")
    measured = measure(str(data), ALEXEYAB)
    assert (measured.images, measured.unreadable, measured.refused) == (4, 1, 1)
    assert measured.first_unreadable.endswith("40x80.png")
    assert measured.first_refused.endswith("60x60.txt")
    assert measured.labels_per_class == [2, 0]
    assert measured.empty == 2


def test_an_image_is_measured_as_it_is_trained_on(tmp_path: Path) -> None:
    """AlexeyAB's program turns it upright, pjreddie's takes it as it is stored."""
    from PIL import Image

    data = sized_set(tmp_path, {(100, 50): [(0, 0.5, 0.5)]})
    exif = Image.Exif()
    exif[274] = 6
    Image.new("L", (100, 50)).save(tmp_path / "100x50.png", exif=exif)
    for upright, expected in ((True, [[50, 100]]), (False, [[100, 50]])):
        fork = ALEXEYAB.reading(upright=upright)
        assert measure(str(data), fork).image_sizes.tolist() == expected


def test_labels_beyond_the_classes_are_counted(tmp_path: Path) -> None:
    measured = measure(str(sized_set(tmp_path, IMAGES, names=["ant"])), ALEXEYAB)
    assert (measured.classes, measured.beyond) == (1, 1)


def test_nothing_to_learn_from(tmp_path: Path) -> None:
    data = sized_set(tmp_path, {(40, 40): [(0, 0.5, 0.5)], (30, 30): []})
    (tmp_path / "40x40.png").write_text("no image")
    with pytest.raises(DataError, match="no image that can be read has a usable label"):
        measure(str(data), ALEXEYAB)
    (tmp_path / "30x30.png").unlink()
    with pytest.raises(DataError, match="none of 2 images can be read, such as .*40x40.png"):
        measure(str(data), ALEXEYAB)


def test_who_says_how_many_classes_there_are(tmp_path: Path) -> None:
    file = sized_set(tmp_path, IMAGES)
    without = file.read_text().replace("classes=2\n", "")
    file.write_text(without)
    data = read_data_file(file)
    assert data_names(data) == ("ant", "bee") and classes_of(data, ("a", "b", "c")) == 3
    file.write_text(without.replace("names=", "other="))
    assert measure(str(file), ALEXEYAB).classes == 2, "the labels"
    with pytest.raises(DataError, match="has no classes= and no names="):
        classes_of(read_data_file(file), ())


def test_pixels_are_not_decoded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> np.ndarray:
        raise AssertionError("decoded")

    data = sized_set(tmp_path, IMAGES)
    monkeypatch.setattr(cv2, "imdecode", refuse)
    assert measure(str(data), ALEXEYAB).images == 3
