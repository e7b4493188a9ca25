"""What hank-ai's darknet.py can tell its library."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.shapes_network import CFG, DATA, NAMES, WEIGHTS, network_image

from darknet_py.compat import library_lines
from darknet_py.compat.darknet import detect_image
from darknet_py.compat.dialects import HANK, present_dialect
from darknet_py.compat.library import (
    add_skipped_class,
    clear_skipped_classes,
    del_skipped_class,
    init_cpu,
    set_output_stream,
    set_verbose,
    show_version_info,
    version_short,
    version_string,
)
from darknet_py.compat.loading import load_net_custom, load_network
from darknet_py.errors import OutputError
from darknet_py.version import __version__


def test_versions(capfd: pytest.CaptureFixture[str]) -> None:
    assert version_string() == b"v" + version_short() == f"v{__version__}".encode()
    show_version_info()
    out, err = capfd.readouterr()
    assert out.startswith(f'Darknet "darknet-py" v{__version__}\n') and "OpenCV version" in err
    assert present_dialect() is HANK


def test_skipped_classes_are_not_found() -> None:
    net = load_net_custom(CFG, WEIGHTS, 0, 1)
    image = network_image(net)

    def found() -> list[str]:
        return sorted({row[0] for row in detect_image(net, NAMES, image)})

    everything = found()
    assert {"ring", "triangle"} <= set(everything)
    add_skipped_class(net, NAMES.index("ring"))
    add_skipped_class(net, NAMES.index("triangle"))
    add_skipped_class(net, 99)
    assert set(everything) - set(found()) == {"ring", "triangle"}
    del_skipped_class(net, NAMES.index("ring"))
    assert set(everything) - set(found()) == {"triangle"}
    clear_skipped_classes(net)
    assert found() == everything


def test_lines_go_where_they_are_sent(capfd: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    log = tmp_path / "out.log"
    log.write_text("old")
    set_output_stream(str(log).encode())
    load_network(CFG, DATA, WEIGHTS)
    assert log.read_text() == ""
    set_verbose(True)
    load_network(CFG, DATA, WEIGHTS)
    assert "Total BFLOPS" in log.read_text() and capfd.readouterr() == ("", "")
    set_output_stream(b"")
    assert library_lines.LINES.file is None
    with pytest.raises(OutputError, match="cannot be written"):
        set_output_stream(str(tmp_path / "none" / "out.log"))


def test_the_processor_may_be_asked_before_the_first_image(
    capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("DARKNET_PY_LOG_STYLE")
    library_lines.LINES.processor_told = False
    init_cpu()
    assert library_lines.LINES.processor_told
    assert set(capfd.readouterr().out.split()) <= {"Used", "Not", "used", "AVX", "FMA", "&", "AVX2"}
