"""`cfglayers`: sections counted, from the cfg files of this repository and from broken ones."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from darknet_py.cli.main import main
from darknet_py.errors import DataError
from darknet_py.network import section_counts
from darknet_py.network.section_counts import count_sections

ROOT = Path(__file__).resolve().parents[2]
CFGS = ROOT / "cfg"


def test_the_cfgs_of_this_repository() -> None:
    """By the lines of the files that begin with a bracket."""
    counts = count_sections(CFGS)
    assert set(counts.files) == {path.name for path in CFGS.glob("*.cfg")}
    for name, kinds in counts.files.items():
        written = re.findall(r"(?m)^\[(\w+)\]", (CFGS / name).read_text())
        renamed = ["convolutional" if one == "conv" else one for one in written]
        assert dict(kinds) == {kind: renamed.count(kind) for kind in set(renamed)}, name
    assert counts.files["yolov3.cfg"]["convolutional"] == 75
    assert not counts.unreadable and counts.kinds[:2] == ("convolutional", "net")
    assert "gru" in counts.unused and "yolo" not in counts.unused


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    cfg = tmp_path / "cfg"
    (cfg / "again").mkdir(parents=True)
    (cfg / "unsupported").mkdir()
    (cfg / "b.cfg").write_text("[network]\n[conv]\n[conv]\n[convolutional]\n[strange]\n")
    (cfg / "c.cfg").write_text("[net]\n[max]\nsize=2\n")
    (cfg / "again" / "a.cfg").write_text("[net]\n[maxpool]\n")
    (cfg / "unsupported" / "u.cfg").write_text("[net]\n[gru]\n")
    (cfg / "bad.cfg").write_text("filters=3\n")
    return tmp_path


def test_names_order_and_files_that_are_none(folder: Path) -> None:
    counts = count_sections()
    assert counts.folder == "cfg"
    assert counts.files == {
        "b.cfg": {"net": 1, "convolutional": 3, "strange": 1},
        "c.cfg": {"net": 1, "maxpool": 1},
        "again/a.cfg": {"net": 1, "maxpool": 1},
    }
    assert len(counts.unreadable) == 1 and counts.unreadable[0].startswith("cfg/bad.cfg:1: ")
    lines = counts.text().splitlines()
    assert lines[:4] == [
        "b.cfg: 3 convolutional, 1 net, 1 strange",
        "c.cfg: 1 net, 1 maxpool",
        "again/a.cfg: 1 net, 1 maxpool",
        "3 cfg files in cfg",
    ]
    assert lines[4] == "in fewer than 10 of them: convolutional 1, strange 1, maxpool 2, net 3"
    assert lines[5].startswith("in none: ") and "gru" in lines[5]


def test_the_page(folder: Path) -> None:
    (folder / "cfg" / "<x>.cfg").write_text("[net]\n")
    counts = count_sections("cfg")
    counts.save_page("page.html")
    page = (folder / "page.html").read_text()
    row = "<tr><td>b.cfg</td><td>1</td><td></td><td>3</td><td>1</td></tr>"
    heads = "".join(f"<th>{kind}</th>" for kind in ("net", "maxpool", "convolutional", "strange"))
    assert f"<tr><th>filename</th>{heads}</tr>" in page and row in page
    assert "&lt;x&gt;.cfg" in page and "<x>" not in page


def test_the_command(folder: Path) -> None:
    result = CliRunner().invoke(main, ["cfglayers", "--json", "--page", "p.html"])
    assert result.exit_code == 0 and (folder / "p.html").exists()
    assert json.loads(result.stdout)["files"]["c.cfg"] == {"net": 1, "maxpool": 1}
    assert result.stderr.startswith("warning: cfg/bad.cfg:1: ") and result.stderr.count("\n") == 1


def test_the_working_folder_is_not_searched_below(folder: Path) -> None:
    (folder / "cfg").rename(folder / "other")
    message = r"no .cfg file in cfg, ../cfg, .; name the folder"
    with pytest.raises(DataError, match=message):
        count_sections()
    (folder / "n.cfg").write_text("[net]\n")
    assert list(count_sections().files) == ["n.cfg"]


def test_a_folder_without_any(folder: Path) -> None:
    (folder / "empty").mkdir()
    with pytest.raises(DataError, match="no .cfg file in empty; name the folder"):
        count_sections("empty")
    with pytest.raises(DataError, match="no .cfg file in none"):
        count_sections("none")


def test_a_folder_above_everything_is_not_searched(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("a", "b", "c"):
        (tmp_path / name).mkdir()
    (tmp_path / "c" / "c.cfg").write_text("[net]\nwidth=8\nheight=8\nchannels=3\n[maxpool]\n")
    assert list(count_sections(tmp_path).files) == ["c/c.cfg"]
    monkeypatch.setattr(section_counts, "MOST_FOLDERS", 3)
    with pytest.raises(DataError, match="more than 3 folders; name the one"):
        count_sections(tmp_path)
