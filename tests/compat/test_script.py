"""`python -m darknet_py.compat script.py`: scripts as they were written for each darknet.py."""

from __future__ import annotations

import re
import subprocess
import sys
import types
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from support.shapes_network import CFG, DATA, PICTURE, ROOT, WEIGHTS

from darknet_py.compat.__main__ import USAGE, run

TODAY = """
import random
import sys
import threading
import cv2
import darknet

random.seed(3)
cfg, data, weights, path = sys.argv[1:]
network, class_names, class_colors = darknet.load_network(cfg, data, weights, batch_size=1)
width, height = darknet.network_width(network), darknet.network_height(network)
image = cv2.cvtColor(cv2.imread(path), cv2.COLOR_BGR2RGB)
small = cv2.resize(image, (width, height), interpolation=cv2.INTER_LINEAR)
handle = darknet.make_image(width, height, 3)
darknet.copy_image_from_bytes(handle, small.tobytes())
found = []
work = threading.Thread(
    target=lambda: found.extend(darknet.detect_image(network, class_names, handle, thresh=0.9))
)
work.start()
work.join()
darknet.free_image(handle)
darknet.print_detections(found, True)
darknet.draw_boxes(found, small, class_colors)
"""
BEFORE_2020_04 = """
import sys
import darknet as dn

cfg, data, weights, path = (word.encode("ascii") for word in sys.argv[1:])
netMain = dn.load_net_custom(cfg, weights, 0, 1)
metaMain = dn.load_meta(data)
im = dn.load_image(path, 0, 0)
for name, score, (x, y, w, h) in dn.detect_image(netMain, metaMain, im, thresh=0.9):
    print(name.decode(), round(score, 3), int(x), int(y))
"""
ORIGINAL = """
import sys
from darknet import *

cfg, data, weights, path = (word.encode() for word in sys.argv[1:])
net, meta = load_net(cfg, weights, 0), load_meta(data)
im = load_image(path, 0, 0)
num = c_int(0)
predict_image(net, im)
dets = get_network_boxes(net, im.w, im.h, 0.9, 0.5, None, 0, pointer(num))
do_nms_obj(dets, num.value, meta.classes, 0.45)
for j in range(num.value):
    for i in range(meta.classes):
        if dets[j].prob[i] > 0:
            b = dets[j].bbox
            print(meta.names[i].decode(), round(dets[j].prob[i], 3), int(b.x), int(b.y))
free_detections(dets, num)
"""
HANK = """
import sys
import cv2
import darknet

cfg, data, weights, path = sys.argv[1:]
darknet.set_verbose(False)
network = darknet.load_network(cfg, data, weights)
with open(data.replace(".data", ".names")) as file:
    names = file.read().splitlines()
colours = darknet.class_colors(names)
image = darknet.load_image(path.encode(), darknet.network_width(network), 256, 3)
found = darknet.detect_image(network, names, image, thresh=0.9)
darknet.print_detections(found)
print(colours["circle"])
"""
WORDS = (CFG, DATA, WEIGHTS, PICTURE)
FOUND = re.compile(r"(?m)^(crescent|ring|square|cross|triangle)\b")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Where the old darknet.py, which has lost its library, lies too; Python is left as it was."""
    (tmp_path / "darknet.py").write_text("raise OSError('libdarknet.so: cannot open')\n")
    (tmp_path / "beside.py").write_text("VALUE = 7\n")
    monkeypatch.chdir(ROOT)
    monkeypatch.setattr(sys, "path", ["", *sys.path])
    monkeypatch.setattr(sys, "argv", [])
    monkeypatch.setitem(sys.modules, "__main__", sys.modules["__main__"])
    for name in ("darknet", "beside"):
        monkeypatch.setitem(sys.modules, name, types.ModuleType(name))
        del sys.modules[name]
    yield tmp_path


def run_here(folder: Path, script: str, *options: str, words: Sequence[str] = WORDS) -> None:
    path = folder / "script.py"
    path.write_text(script)
    run([*options, str(path), *words])


@pytest.mark.parametrize(
    ("script", "last"),
    [
        (
            TODAY,
            r"crescent: 99\.9\d%    \(left_x: \d+   top_y:  \d+   width:   \d+   height:  \d+\)",
        ),
        (BEFORE_2020_04, r"cross 0\.99\d 25\d 18\d"),
        (ORIGINAL, r"cross 0\.99\d 25\d 18\d"),
        (HANK, r"\(155, 109, 222\)"),  # of the MD5 of "circle"
    ],
    ids=["today", "before 2020-04", "pjreddie", "hank-ai"],
)
def test_a_script_of_each_dialect(
    folder: Path, capfd: pytest.CaptureFixture[str], script: str, last: str
) -> None:
    run_here(folder, script)
    out = capfd.readouterr().out
    assert 5 <= len(FOUND.findall(out)) <= 8
    assert re.search(rf"(?m)^{last}$", out), out


def test_the_script_sees_itself_as_python_runs_it(
    folder: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    script = "import sys, beside\nprint(__name__, __file__, sys.argv, beside.VALUE)\nsys.exit(3)"
    with pytest.raises(SystemExit, match="3"):
        run_here(folder, script, words=("a", "--b"))
    path = str(folder / "script.py")
    assert capfd.readouterr().out == f"__main__ {path} {[path, 'a', '--b']} 7\n"


def test_the_dialect_can_be_said(folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    script = "import darknet\nprint(darknet.class_colors(['dog']))"
    run_here(folder, script, "--dialect", "hank-ai")
    assert capfd.readouterr().out == "{'dog': (6, 216, 14)}\n"
    with pytest.raises(SystemExit, match="unknown dialect 'hank' of darknet.py, known are"):
        run_here(folder, script, "--dialect", "hank")


@pytest.mark.parametrize("words", [[], ["--help"], ["--dialect"], ["--dialect", "pjreddie"]])
def test_without_a_script_the_usage_is_said(words: list[str]) -> None:
    with pytest.raises(SystemExit, match=r"^usage: python -m darknet_py.compat \[--dialect NAME\]"):
        run(words)


def test_the_module_runs_as_a_command() -> None:
    command = [sys.executable, "-m", "darknet_py.compat", "none.py"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.stderr, done.returncode) == (f"none.py: no such file; {USAGE}\n", 1)
