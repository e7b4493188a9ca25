"""Images by the thousand, as a camera gives them, take no more memory than the first few."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from support import tiny_detector

from darknet_py.compat import darknet

PAGE_FILE = Path("/proc/self/statm")
MEBIBYTE = 2**20


def resident() -> int:
    """Bytes of this process in memory."""
    return int(PAGE_FILE.read_text().split()[1]) * 4096


@pytest.fixture
def call(tmp_path: Path) -> Callable[[], Any]:
    """One image from bytes to boxes, as darknet_video.py goes."""
    net = darknet.load_net_custom(*map(str, tiny_detector.files(tmp_path)), 0, 1)
    pixels = tiny_detector.noise_image(width=64, height=32).tobytes()

    def one() -> Any:
        image = darknet.make_image(64, 32, 3)
        darknet.copy_image_from_bytes(image, pixels)
        found = darknet.detect_image(net, ["a", "b", "c"], image, thresh=0.4)
        darknet.free_image(image)
        return found

    return one


@pytest.mark.slow
@pytest.mark.skipif(not PAGE_FILE.exists(), reason="asks Linux how much memory is in use")
def test_ten_thousand_calls(call: Callable[[], Any]) -> None:
    first = call()
    for _ in range(999):
        call()
    before = resident()
    for _ in range(9_000):
        last = call()
    assert last == first and len(first) > 3
    assert resident() - before < 4 * MEBIBYTE
