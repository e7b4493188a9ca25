"""Placement of images and the way back, against Darknet's formulas written out."""

from __future__ import annotations

import pytest
import torch

from darknet_py.images.letterbox import Placement, scaled_sizes, to_image

SIZES = [(640, 480), (480, 640), (416, 416), (1000, 37), (333, 500), (1, 1), (7, 1999)]


def back(box: list[float], new: tuple[int, int], net: tuple[int, int]) -> list[float]:
    x = (box[0] - (net[0] - new[0]) / 2 / net[0]) / (new[0] / net[0])
    y = (box[1] - (net[1] - new[1]) / 2 / net[1]) / (new[1] / net[1])
    return [x, y, box[2] * net[0] / new[0], box[3] * net[1] / new[1]]


@pytest.mark.parametrize(("width", "height"), SIZES)
def test_letter_boxed_size(width: int, height: int) -> None:
    net_width, net_height = 416, 320
    if net_width / width < net_height / height:
        expected = (net_width, max(1, int(height * net_width / width)))
    else:
        expected = (max(1, int(width * net_height / height)), net_height)
    placement = Placement(width, height, net_width, net_height, True)
    assert placement.scaled == expected
    assert placement.offset == ((416 - expected[0]) // 2, (320 - expected[1]) // 2)


def test_stretched_image_fills_the_input() -> None:
    placement = Placement(640, 480, 416, 320)
    assert (placement.scaled, placement.offset) == ((416, 320), (0, 0))


def test_a_thread_of_an_image_keeps_one_pixel() -> None:
    assert Placement(10000, 1, 416, 416, True).scaled == (416, 1)
    assert Placement(1, 10000, 416, 416, True).scaled == (1, 416)


def test_boxes_of_several_images_go_back() -> None:
    placements = [Placement(w, h, 416, 320, letter) for w, h in SIZES for letter in (True, False)]
    boxes = torch.rand(len(placements), 4, generator=torch.Generator().manual_seed(0))
    found = to_image(boxes, scaled_sizes(placements), (416, 320))
    expected = [
        back(box, p.scaled, (416, 320)) for box, p in zip(boxes.tolist(), placements, strict=True)
    ]
    torch.testing.assert_close(found, torch.tensor(expected), atol=1e-5, rtol=1e-5)


def test_one_size_serves_many_boxes() -> None:
    boxes = torch.rand(3, 5, 4, generator=torch.Generator().manual_seed(1))
    scaled = scaled_sizes([Placement(640, 480, 416, 416, True)])
    found = to_image(boxes, scaled, (416, 416))
    assert found.shape == (3, 5, 4)
    # 640 x 480 fills 416 x 312: x stays, y leaves the margin of 52 pixels.
    torch.testing.assert_close(found[..., 0], boxes[..., 0])
    torch.testing.assert_close(found[..., 1], (boxes[..., 1] * 416 - 52) / 312)


def test_a_stretched_box_stays_as_it_is() -> None:
    boxes = torch.rand(6, 4, generator=torch.Generator().manual_seed(2))
    scaled = scaled_sizes([Placement(640, 480, 416, 320)])
    assert torch.equal(to_image(boxes, scaled, (416, 320)), boxes)


def test_an_odd_margin_is_halved_as_a_real_number() -> None:
    placement = Placement(100, 75, 101, 101, True)
    assert placement.scaled == (101, 75)
    assert placement.offset == (0, 13)
    middle = to_image(torch.tensor([0.5, 0.5, 0.1, 0.1]), scaled_sizes([placement])[0], (101, 101))
    assert middle[1].item() == pytest.approx(0.5)
    edge = to_image(torch.tensor([0.5, 12.5 / 101, 0, 0]), scaled_sizes([placement])[0], (101, 101))
    assert placement.scaled[1] % 2 == 1
    assert edge[1].item() == pytest.approx((12.5 - 13) / 75, abs=1e-6)
