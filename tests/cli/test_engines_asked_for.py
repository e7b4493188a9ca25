"""An engine that is not there is refused before anything is read."""

from __future__ import annotations

import pytest
from click.testing import CliRunner

from darknet_py.cli.main import main
from darknet_py.errors import DarknetError
from darknet_py.options.model import EngineOptions

NET = ("gone.cfg", "gone.weights")


@pytest.mark.parametrize(
    "words",
    [
        ("speed", "gone.cfg"),
        ("classifier", "predict", "gone.data", *NET, "a.jpg"),
        ("classifier", "valid", "gone.data", *NET),
        ("map", "gone.data", *NET),
        ("detector", "valid", "gone.data", *NET),
        ("detector", "recall", "gone.data", *NET),
    ],
    ids=" ".join,
)
def test_the_engine_comes_before_the_files(
    words: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(self: EngineOptions) -> None:
        raise DarknetError(f"no engine {self.engine}")

    monkeypatch.setattr(EngineOptions, "require_engine", refuse)
    result = CliRunner().invoke(main, [*words])
    assert (result.exit_code, result.stderr) == (1, "darknet-py: error: no engine torch\n")
