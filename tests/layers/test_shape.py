"""Shapes and receptive fields as values."""

from __future__ import annotations

from darknet_py.layers.shape import ReceptiveField, Shape


def test_field_and_shape_as_values() -> None:
    field = ReceptiveField(5, 4)
    assert field.windowed(3) == (13, 4)
    assert field.windowed(3, 2, 2) == (21, 8)
    assert (field.shrunk(2), field.enlarged(2)) == ((5, 8), (5, 2))
    assert field.enlarged(8) == (5, 1), "a stride is at least one pixel"
    shape = Shape(3, 416, 608)
    assert (shape.size, str(shape), shape.column) == (758784, "608 x 416 x 3", " 608 x 416 x   3")
