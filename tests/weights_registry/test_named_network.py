"""Names in Python: `load`, and what their files are."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.small_registry import registered

import darknet_py
from darknet_py.errors import DarknetError
from darknet_py.weights_registry.named_network import (
    is_name,
    named_files,
    network_paths,
    training_files,
    weights_path,
)


def test_load_takes_a_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    image = Path("data/shapes-2.jpg").resolve()
    by_path = darknet_py.load("cfg/shapes.cfg", "data/shapes.weights", names="data/shapes.names")(
        image, thresh=0.6
    )
    monkeypatch.chdir(tmp_path)
    with registered("shapes", tmp_path, monkeypatch) as site:
        detector = darknet_py.load("shapes")
        assert len(site.asked) == 2  # the first address has it not
        again = darknet_py.load("shapes", names=list("abcdefgh"))
        assert len(site.asked) == 2
    assert detector.names[:3] == ["circle", "square", "triangle"]
    assert again.names == list("abcdefgh")
    by_name = detector(image, thresh=0.6)
    assert isinstance(by_name, darknet_py.Result) and isinstance(by_path, darknet_py.Result)
    assert len(by_name.boxes.xyxy) > 0
    assert by_name.boxes.xyxy.tolist() == by_path.boxes.xyxy.tolist()


def test_a_file_of_that_name_comes_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert is_name("yolov4-tiny") and not is_name("yolov4-tinny") and not is_name(None)
    (tmp_path / "yolov4-tiny").mkdir()
    assert is_name("yolov4-tiny")
    (tmp_path / "yolov4-tiny").rmdir()
    (tmp_path / "yolov4-tiny").write_text("[net]")
    assert not is_name("yolov4-tiny")


def test_own_weights_and_names_go_before(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with registered("shapes", tmp_path, monkeypatch) as site:
        cfg, weights, names = named_files("shapes", "mine.weights", None, None)
        assert (Path(cfg).name, weights) == ("shapes.cfg", "mine.weights")
        assert Path(str(names)).name == "shapes.names"
        assert named_files("shapes", "mine.weights", None, "my.data")[2] is None
        assert named_files("shapes", "mine.weights", "my.names", None)[2] == "my.names"
        assert site.asked == []
        assert named_files("a.cfg", "shapes", None, None) == ("a.cfg", weights_path("shapes"), None)


def test_a_training_takes_the_cfg_and_starts_from_what_it_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with registered("shapes", tmp_path, monkeypatch) as site:
        cfg, start = training_files("shapes", None)
        assert (Path(cfg).name, start, site.asked) == ("shapes.cfg", None, [])
        assert training_files(Path("a.cfg"), "shapes") == ("a.cfg", weights_path("shapes"))
        assert training_files("a.cfg", Path("b.weights")) == ("a.cfg", "b.weights")
    with pytest.raises(DarknetError, match="^weights is 3, expected a path or a network's name$"):
        training_files("a.cfg", 3)  # type: ignore[arg-type]


def test_without_weights() -> None:
    with pytest.raises(DarknetError, match=r"a\.cfg: has no weights, .*; give a \.weights file"):
        darknet_py.load("a.cfg")
    with pytest.raises(DarknetError, match=r"yolov3-tinny: .* did you mean 'yolov3-tiny'\?$"):
        darknet_py.load("yolov3-tinny")
    with pytest.raises(DarknetError, match=r"yolov4\.conv\.137: is a backbone, without a cfg"):
        network_paths("yolov4.conv.137")


def test_offline_in_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DARKNET_PY_OFFLINE", "1")
    with pytest.raises(DarknetError, match="nothing may be downloaded"):
        weights_path("yolov4-tiny")
