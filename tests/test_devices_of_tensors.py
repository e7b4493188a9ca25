"""A tensor made beside others lies on their device, which a machine without a GPU never shows.

Read from the source with `ast`: where networks compute, whatever makes a tensor says on which
device.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parent.parent / "darknet_py"
ROOMS = ("layers", "losses")
FILES = [path for room in ROOMS for path in sorted((PACKAGE / room).glob("*.py"))]
FILES += [PACKAGE / "detect" / f"{name}.py" for name in ("candidates", "decode", "nms", "overlaps")]
MAKERS = {"tensor", "arange", "zeros", "ones", "full", "empty", "linspace", "rand", "randn", "eye"}

ON_THE_HOST = {"torch.rand(())"}
"""A chance of the host: [crop]'s flip."""


def made_somewhere(tree: ast.AST) -> Iterator[ast.Call]:
    """Calls of torch that make a tensor without saying where."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            of_torch = ast.unparse(node.func.value) == "torch" and node.func.attr in MAKERS
            if of_torch and all(keyword.arg != "device" for keyword in node.keywords):
                yield node


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_tensors_are_made_where_the_others_are(path: Path) -> None:
    calls = {ast.unparse(node) for node in made_somewhere(ast.parse(path.read_text()))}
    assert calls - ON_THE_HOST == set()


def test_what_is_seen() -> None:
    text = "torch.zeros(2)\ntorch.zeros(2, device=x.device)\nx.new_zeros(2)\nnp.zeros(2)"
    assert [ast.unparse(node) for node in made_somewhere(ast.parse(text))] == ["torch.zeros(2)"]
