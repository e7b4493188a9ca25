"""Options that change C's training and not ours are named, with their line, by check and train."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.layer_check import read

from darknet_py.network.check import check
from darknet_py.network.not_trained import not_trained_here

NET = "[net]\nwidth=8\nheight=8\nchannels=1\n"
CONV = "[conv]\nfilters=2\nsize=3\npad=1\n"


@pytest.mark.parametrize(
    ("cfg", "line", "key", "reason"),
    [
        (NET + CONV + "truth=1\n", 9, "truth", "labels come from files, never from a layer"),
    ],
)
def test_an_option_that_is_not_trained(
    tmp_path: Path, cfg: str, line: int, key: str, reason: str
) -> None:
    (notice,) = not_trained_here(read(cfg))
    assert (notice.level, notice.location.line, notice.location.key) == ("warning", line, key)
    assert notice.message.startswith(f"no effect: {reason}")
    (tmp_path / "a.cfg").write_text(cfg)
    said = [(found.location.key, found.message) for found in check(tmp_path / "a.cfg")]
    assert said == [(key, notice.message)]


def test_defaults_and_what_is_trained_are_not_named() -> None:
    plain = (
        NET
        + "try_fix_nan=0\nadversarial_lr=1\nattention=1\n"
        + CONV
        + "assisted_excitation=0\ncbn=0\n[dropout]\n"
    )
    assert list(not_trained_here(read(plain))) == []
