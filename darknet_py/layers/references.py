"""Layers by the numbers that a cfg gives them."""

from __future__ import annotations

from collections.abc import Sequence

from darknet_py.layers.base import Layer


def resolve(reference: int, index: int) -> int:
    """Darknet's layer index: negative is relative to this layer, 0 and up is absolute."""
    return index + reference if reference < 0 else reference


def resolve_all(layer: Layer, key: str, references: Sequence[int], index: int) -> tuple[int, ...]:
    """Absolute indices of `references`; raises ShapeError for one that is not an earlier layer."""
    indices = tuple(resolve(reference, index) for reference in references)
    for reference, absolute in zip(references, indices, strict=True):
        if not 0 <= absolute < index:
            meant = f"layer {absolute}"
            allowed = f"0 to {index - 1} or -1 to -{index}" if index else "none: this is layer 0"
            message = f"read {reference} = {meant}, expected an earlier layer: {allowed}"
            raise layer.shape_error(message, key)
    return indices
