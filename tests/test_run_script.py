"""A script that is run by us against the same one run by Python itself."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from darknet_py.run_script import run_script

ROOT = Path(__file__).resolve().parent.parent
TOLD = """import sys
import beside
print(__name__, __file__, sys.argv, sys.path[0], __spec__, beside.VALUE)
print(sys.modules["__main__"].beside is beside, __loader__.get_filename(), __package__)
def f(x: int): pass
print(f.__annotations__)
"""
FAILS = {
    "exception": "def f():\n    raise ValueError('x')\nf()\n",
    "chained": "try:\n    1 / 0\nexcept ZeroDivisionError as e:\n    raise KeyError('y') from e\n",
    "hidden": "try:\n    1 / 0\nexcept ZeroDivisionError:\n    raise KeyError('y')\n",
    "syntax": "print(1\n",
    "of a module": "import broken\n",
    "exit": "raise SystemExit(3)\n",
    "exit text": "raise SystemExit('gone')\n",
    "at exit": "import atexit\nV = 8\natexit.register(lambda: print(sys.modules['__main__'].V))\n"
    "import sys\n1 / 0\n",
    "annotation": "x: int = 1 / 0\n",
    "own hook": "import sys\nsys.excepthook = lambda *e: print(e[0])\n1 / 0\n",
}
OURS = (
    "import sys; from darknet_py.run_script import run_script; sys.exit(run_script(sys.argv[1:]))"
)


def ran(folder: Path, *words: str) -> tuple[str, str, int]:
    """Standard output, standard error, exit code."""
    done = subprocess.run(
        [sys.executable, *words],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
    )
    return done.stdout, done.stderr, done.returncode


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """With a link to a script in another folder, and modules beside that script."""
    real = tmp_path / "real"
    real.mkdir()
    (real / "beside.py").write_text("VALUE = 7\n")
    (real / "broken.py").write_text("def (\n")
    (tmp_path / "link.py").symlink_to(real / "script.py")
    return tmp_path


def test_it_sees_what_it_would_see(folder: Path) -> None:
    (folder / "real" / "script.py").write_text(TOLD)
    expected = ran(folder, "link.py", "--a", "b")
    assert ran(folder, "-c", OURS, "link.py", "--a", "b") == expected
    path = folder / "link.py"
    words = f"['link.py', '--a', 'b'] {(folder / 'real').resolve()}"
    assert expected == (
        f"__main__ {path} {words} None 7\nTrue {path} None\n{{'x': <class 'int'>}}\n",
        "",
        0,
    )


@pytest.mark.parametrize("how", FAILS)
def test_it_fails_as_it_would(how: str, folder: Path) -> None:
    (folder / "real" / "script.py").write_text(FAILS[how])
    expected = ran(folder, "link.py")
    assert ran(folder, "-c", OURS, "link.py") == expected
    assert expected[2] in (1, 3)


def test_ctrl_c(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "argv", [])
    monkeypatch.setattr(sys, "path", ["", *sys.path])
    monkeypatch.setitem(sys.modules, "__main__", sys.modules["__main__"])
    script = tmp_path / "script.py"
    script.write_text("raise KeyboardInterrupt\n")
    assert run_script([str(script)]) == 130
    lines = capsys.readouterr().err.splitlines()
    assert (
        lines[1] == f'  File "{script}", line 1, in <module>' and lines[-1] == "KeyboardInterrupt"
    )


@pytest.mark.skipif(sys.version_info < (3, 11), reason="python -P is new in 3.11")
def test_nothing_beside_it_is_imported_if_so_asked(folder: Path) -> None:
    (folder / "real" / "script.py").write_text("import sys\nprint(sys.path)\n")
    expected = ran(folder, "-P", "link.py")
    assert ran(folder, "-P", "-c", OURS, "link.py") == expected
