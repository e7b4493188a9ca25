"""The names of `darknet_py` itself: they come when they are first used."""

from __future__ import annotations

import pytest

import darknet_py
from darknet_py.detect.detector import Detector, load
from darknet_py.detect.result import Boxes, Result
from darknet_py.network.network import Network


def test_each_name_is_the_one_of_its_module() -> None:
    assert (darknet_py.Network, darknet_py.Detector) == (Network, Detector)
    assert (darknet_py.Boxes, darknet_py.Result, darknet_py.load) == (Boxes, Result, load)


def test_what_is_public_is_listed() -> None:
    names = ["Boxes", "DarknetError", "Detector", "Network", "Result", "load"]
    assert darknet_py.__all__ == names
    assert set(names) <= set(dir(darknet_py))


def test_other_names_are_attribute_errors() -> None:
    with pytest.raises(AttributeError, match="module 'darknet_py' has no attribute 'nothing'"):
        darknet_py.nothing  # noqa: B018
