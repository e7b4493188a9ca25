"""`export` of a small network, as from the command line."""

from __future__ import annotations

from click.testing import CliRunner, Result

from darknet_py.cli.main import main
from support.golden_check import GOLDEN

NET = [str(GOLDEN / "yolov3" / "net.cfg"), str(GOLDEN / "yolov3" / "net.weights")]


def run(*words: object) -> Result:
    return CliRunner().invoke(main, [str(word) for word in words])
