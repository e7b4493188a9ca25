"""The names of `darknet_py` itself: they come when they are first used."""

from __future__ import annotations

import inspect
import pydoc
import subprocess
import sys
from collections.abc import Callable
from types import ModuleType

import pytest

import darknet_py
from darknet_py.detect.detector import Detector
from darknet_py.detect.load_detector import load
from darknet_py.detect.result import Result
from darknet_py.detect.result_boxes import Boxes
from darknet_py.errors import DarknetError
from darknet_py.network.network import Network
from darknet_py.train import Trainer


def test_each_name_is_the_one_of_its_module() -> None:
    assert (darknet_py.Network, darknet_py.Detector) == (Network, Detector)
    assert (darknet_py.Boxes, darknet_py.Result, darknet_py.load) == (Boxes, Result, load)


def test_what_is_public_is_listed() -> None:
    names = ["Boxes", "DarknetError", "Detector", "Network", "Result", "evaluate", "load", "train"]
    assert darknet_py.__all__ == names
    assert set(names) <= set(dir(darknet_py))


ORDERS = [
    "import darknet_py; darknet_py.train.Trainer",
    "from darknet_py.train import Trainer; import darknet_py",
    "import darknet_py.train.command, darknet_py.evaluate.map; import darknet_py",
    "from darknet_py import evaluate, train; import darknet_py; assert train is darknet_py.train",
]
SHOWN = "from darknet_py.train import Trainer; import darknet_py; "
SHOWN += "assert darknet_py.train.Trainer is Trainer and callable(darknet_py.train); "
SHOWN += "print(callable(darknet_py.evaluate), darknet_py.evaluate.evaluate.__name__)"


@pytest.mark.slow
@pytest.mark.parametrize("order", ORDERS)
def test_packages_are_functions_too_whatever_comes_first(order: str) -> None:
    words = [sys.executable, "-c", f"{order}; {SHOWN}"]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr) == ("True evaluate\n", "")


@pytest.mark.parametrize("name", ["train", "evaluate"])
def test_packages_that_are_functions_too(name: str) -> None:
    module = getattr(darknet_py, name)
    assert module is sys.modules[f"darknet_py.{name}"] and isinstance(module, ModuleType)
    assert inspect.signature(module) == inspect.signature(getattr(module, name))
    assert f"{name}(" in pydoc.plain(pydoc.render_doc(module))
    with pytest.raises(DarknetError, match="^(data is 3|detector is of type int), expected"):
        module(3, 3)


def test_other_names_are_attribute_errors() -> None:
    with pytest.raises(AttributeError, match="module 'darknet_py' has no attribute 'nothing'"):
        darknet_py.nothing  # noqa: B018


DEFAULTS = {
    load: "weights=None names=None device=cpu precision=fp32 fork=alexeyab data=None "
    "width=None height=None engine=torch compiled=None exact=False calibrate=None "
    "calibrate_images=None max_map_loss=None",
    Detector: "device=cpu precision=fp32 engine=torch compiled=None exact=False calibrate=None "
    "calibrate_images=None max_map_loss=None shared=False",
    Detector.__call__: "thresh=0.25 nms=0.45 letter_box=None conf=None iou=None classes=None "
    "hier=0.5 batch=1 honour_exif=None tile=None overlap=0.2",
    Detector.export: "path=None",
    Detector.stream: "thresh=0.25 nms=0.45 letter_box=None conf=None iou=None classes=None "
    "hier=0.5 batch=1 honour_exif=None "
    "on_error=None every_frame=False rotate=None track=False tile=None overlap=0.2",
    Network: "seed=None start=True",
    Network.from_cfg: "width=None height=None fork=alexeyab time_steps=None seed=None",
    Network.load_weights: "cutoff=None strict=True",
    Network.save_weights: "cutoff=None",
    Network.trace: "",
    Network.reset: "seed=None layers=None",
    Result.to_json: "frame=1 named=True",
    Trainer: "seed=0 precision=fp32 compiled=False sync_batchnorm=False updates_per_step=1 "
    "watch=None exact=False",
}


@pytest.mark.parametrize("function", DEFAULTS, ids=lambda function: function.__qualname__)
def test_what_an_argument_is_where_it_is_left_out(function: Callable[..., object]) -> None:
    parameters = inspect.signature(function).parameters.values()
    given = [f"{one.name}={one.default}" for one in parameters if one.default is not one.empty]
    assert given == DEFAULTS[function].split()
