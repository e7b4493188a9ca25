"""The library logs and never prints; the command line says what is logged."""

from __future__ import annotations

import ast
import io
import logging
from collections.abc import Iterator
from contextlib import redirect_stderr
from pathlib import Path

import pytest
import torch
from click.testing import CliRunner
from support.tiny_detector import files

from darknet_py.cli.main import main
from darknet_py.cli.messages import (
    LIBRARY,
    WARNINGS,
    MessageHandler,
    messages_shown,
)
from darknet_py.engines import devices
from darknet_py.engines.engine import open_engine
from darknet_py.engines.table import EngineConfig
from darknet_py.network.network import Network

PACKAGE = Path(__file__).resolve().parent.parent / "darknet_py"
PRINTING = {
    "classify/predict.py",
    "classify/classifier_valid.py",
    "classify/given_images.py",
    "classify/regress.py",
    "detect/prompt.py",
    "dnn/__main__.py",
    "progress.py",
    "train/logs/progress_log.py",
    "video/json_files.py",
    "video/live_line.py",
    "video/printing.py",
}
"""Modules whose business it is to print, beside `cli` and the bodies of commands."""
FP32 = "--precision fp16: this processor has no instructions for it; computing in fp32"


def prints(path: Path) -> bool:
    """Whether a module calls print, click.echo or the like, or writes to stdout or stderr."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Call):
            name = ast.unparse(node.func)
            if name in ("print", "echo", "secho") or name.startswith("click."):
                return True
            if name in ("sys.stdout.write", "sys.stderr.write"):
                return True
    return False


def calls_of(path: Path, name: str) -> list[str]:
    nodes = ast.walk(ast.parse(path.read_text()))
    calls = [ast.unparse(node) for node in nodes if isinstance(node, ast.Call)]
    return [call for call in calls if call.startswith(f"{name}(")]


def printing_modules() -> Iterator[str]:
    for path in sorted(PACKAGE.rglob("*.py")):
        name = path.relative_to(PACKAGE)
        is_command = name.parts[0] == "cli" or name.stem.endswith("command")
        if not is_command and prints(path):
            yield name.as_posix()


def test_only_commands_and_a_few_modules_print() -> None:
    assert set(printing_modules()) == PRINTING


def test_every_logger_of_the_library_has_its_modules_name() -> None:
    library = [path for path in PACKAGE.rglob("*.py") if path.parent.name != "cli"]
    library.remove(PACKAGE / "serve" / "library_messages.py")  # loggers of other libraries
    calls = [call for path in library for call in calls_of(path, "logging.getLogger")]
    assert set(calls) == {"logging.getLogger(__name__)"}
    assert len(calls) >= 7


def engine_without_fp16(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Opens an engine that has something to say."""
    monkeypatch.setattr(devices, "computes", lambda dtype: dtype == torch.float32)
    cfg, _ = files(folder)
    assert (
        open_engine(Network.from_cfg(cfg), EngineConfig(precision="fp16")).config.precision
        == "fp32"
    )


def test_a_library_call_logs_and_prints_nothing(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    engine_without_fp16(tmp_path, monkeypatch)
    assert capfd.readouterr() == ("", "")
    assert caplog.record_tuples == [("darknet_py.engines.devices", logging.WARNING, FP32)]


def test_the_command_line_prints_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(devices, "computes", lambda dtype: dtype == torch.float32)
    monkeypatch.chdir(tmp_path)
    files(tmp_path)
    words = ["speed", "n.cfg", "1", "-nogpu", "-precision", "fp16", "-threads", "1"]
    result = CliRunner().invoke(main, words)
    assert result.exit_code == 0
    assert result.stderr == f"darknet-py: warning: {FP32}\n"


@pytest.mark.parametrize(
    ("logger", "level", "said"),
    [
        ("darknet_py.engines.compiled", logging.INFO, "100% of it"),
        ("darknet_py.engines.cuda_graphs", logging.WARNING, "darknet-py: warning: 100% of it"),
        ("darknet_py.evaluate.eval_inputs", logging.WARNING, "warning: 100% of it"),
        ("darknet_py", logging.WARNING, "warning: 100% of it"),
        ("darknet_py.classify.load_classifier", logging.ERROR, "darknet-py: error: 100% of it"),
        ("darknet_py.engines", logging.DEBUG, None),
    ],
)
def test_the_first_words_go_by_level_and_room(logger: str, level: int, said: str | None) -> None:
    stderr = io.StringIO()
    with redirect_stderr(stderr), messages_shown():
        logging.getLogger(logger).log(level, "100% of it")
    assert stderr.getvalue() == ("" if said is None else f"{said}\n")


def test_every_named_logger_is_a_room() -> None:
    """A room that moves takes its first words along."""
    for name in WARNINGS:
        path = PACKAGE.parent / name.replace(".", "/")
        assert path.is_dir() or path.with_suffix(".py").is_file(), name


def test_messages_are_shown_once_and_logging_is_left_as_it_was() -> None:
    before = LIBRARY.handlers, LIBRARY.level, LIBRARY.propagate
    stderr = io.StringIO()
    with redirect_stderr(stderr), messages_shown(), messages_shown():
        logging.getLogger("darknet_py.evaluate").info("once")
        assert [type(handler) for handler in LIBRARY.handlers] == [MessageHandler]
    assert stderr.getvalue() == "once\n"
    with pytest.raises(SystemExit):
        main(["no_such_command"])
    assert (LIBRARY.handlers, LIBRARY.level, LIBRARY.propagate) == before
