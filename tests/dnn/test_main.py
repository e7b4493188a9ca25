"""`python -m darknet_py.dnn script.py`: a script runs as it would by itself."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import cv2
import pytest

from darknet_py.dnn.__main__ import USAGE, main
from darknet_py.dnn.installation import uninstall


@pytest.fixture(autouse=True)
def _as_it_was(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(sys, "argv", list(sys.argv))
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.setitem(sys.modules, "__main__", sys.modules["__main__"])
    yield
    uninstall()


def written(folder: Path, text: str) -> str:
    (folder / "script.py").write_text(text)
    return str(folder / "script.py")


def test_arguments_name_and_folder_are_the_scripts(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "beside_the_script.py").write_text("word = 'beside'\n")
    text = "import sys, cv2, beside_the_script as b\nprint(__name__, sys.argv, b.word)\n"
    script = written(tmp_path, text + "cv2.dnn.readNetFromDarknet\n")
    assert main([script, "--conf", ".4"]) == 0
    expected = f"__main__ {[script, '--conf', '.4']} beside\n"
    assert capsys.readouterr().out == expected
    sys.modules.pop("beside_the_script")


def test_its_own_exit_code(tmp_path: Path) -> None:
    with pytest.raises(SystemExit) as caught:
        main([written(tmp_path, "raise SystemExit(3)\n")])
    assert caught.value.code == 3


def test_its_own_traceback(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    script = written(tmp_path, "def fail():\n    raise ValueError('mine')\nfail()\n")
    assert main([script]) == 1
    lines = capsys.readouterr().err.splitlines()
    assert lines[0] == "Traceback (most recent call last):" and lines[-1] == "ValueError: mine"
    assert lines[1] == f'  File "{script}", line 3, in <module>'
    assert "runpy" not in "".join(lines)


def test_a_script_that_is_no_python(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([written(tmp_path, "print 'old'\n")]) == 1
    assert "SyntaxError" in capsys.readouterr().err


def test_without_a_script(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 2 and capsys.readouterr().err == f"{USAGE}\n"
    assert main(["--help"]) == 0 and capsys.readouterr().err == f"{USAGE}\n"
    missing = os.fspath(tmp_path / "none.py")
    assert main([missing]) == 2
    assert capsys.readouterr().err == f"{missing}: no such file; check the path\n"


def test_opencv_is_left_alone_without_a_script() -> None:
    before = cv2.dnn.readNet
    main([])
    assert cv2.dnn.readNet is before
