"""--compile: machine code gives the same numbers, is kept, and does without where it cannot be."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
from support.golden_check import relative
from support.phone_network import need_compiler, network
from torch._inductor.runtime.cache_dir_utils import default_cache_dir

from darknet_py.engines import cache, compiled, torch_engine
from darknet_py.engines.cache import NetworkFiles
from darknet_py.engines.cache_folder import INDUCTOR_VARIABLE
from darknet_py.engines.engine import open_engine
from darknet_py.engines.table import EngineConfig


@pytest.fixture(scope="module", autouse=True)
def cache_folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """One cache for all tests here, so that the operators are built once."""
    patch = pytest.MonkeyPatch()
    folder = tmp_path_factory.mktemp("kept")
    patch.setenv(cache.FOLDER_VARIABLE, str(folder))
    # What torch's compiler keeps of its own may be there from an earlier run.
    patch.setenv(INDUCTOR_VARIABLE, default_cache_dir())
    yield folder
    patch.undo()


@pytest.mark.slow
@pytest.mark.usefixtures("as_command_line")
def test_the_compiled_network_gives_the_same_and_is_kept(
    tmp_path: Path,
    cache_folder: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    need_compiler()
    net = network(tmp_path).for_inference()
    x = torch.rand(2, 3, 32, 32).contiguous(memory_format=torch.channels_last)
    with torch.no_grad():
        (expected,) = net(x)
        (found,) = compiled.compiled(NetworkFiles(net), x, "fp32")(x)
        assert relative(found.numpy(), expected.numpy()) <= 1e-5
        assert "compiled in" in capsys.readouterr().err
        monkeypatch.setattr(compiled, "_compile", None)
        (again,) = compiled.compiled(NetworkFiles(net), x, "fp32")(x)
    assert torch.equal(again, found)
    assert capsys.readouterr().err == ""
    assert len(list(cache_folder.glob("*.pt2"))) == 1


@pytest.mark.usefixtures("as_command_line")
def test_what_the_processor_cannot_is_torchs_to_compile(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """And without a compiler it is said, and done without."""

    def missing(*_: object) -> None:
        raise compiled.CannotCompile("no C++ compiler found; install g++ or clang")

    monkeypatch.setattr(torch_engine, "compiled", missing)
    monkeypatch.setattr(torch_engine, "possible_precision", lambda precision, device: precision)
    net = network(tmp_path)
    x = torch.rand(1, 3, 32, 32)
    engine = open_engine(net, EngineConfig(precision="bf16", compiled=True))
    with torch.no_grad():
        assert relative(engine(x)[0].numpy(), net(x)[0].numpy()) <= 5e-2
    assert not engine.compiled
    message = "--compile: no C++ compiler found; install g++ or clang; running without"
    assert capsys.readouterr().err == f"darknet-py: warning: {message}\n"


def test_what_torch_is_asked_to_compile(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The weights become constants of the machine code; nothing is compiled here."""
    asked: list[dict[str, object]] = []
    monkeypatch.setattr(torch.export, "export", lambda module, inputs: (module.training, inputs))
    monkeypatch.setattr(
        torch._inductor,
        "aoti_compile_and_package",
        lambda exported, **options: asked.append({"exported": exported, **options}),
    )
    x = torch.zeros(1, 3, 32, 32)
    compiled._compile(network(tmp_path), x, tmp_path / "a.pt2")
    (one,) = asked
    assert (one["exported"], one["package_path"]) == ((False, (x,)), str(tmp_path / "a.pt2"))
    configs = one["inductor_configs"]  # torch adds to it what it has decided itself
    assert isinstance(configs, dict) and configs["freezing"] is True


@pytest.mark.parametrize(
    ("device", "given"),
    [("cpu", (False, 1, -1)), ("cuda:1", (True, 1, 1))],
)
def test_a_package_goes_to_its_device(
    device: str, given: tuple[object, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not to the current one; and what is to be recorded has no threads to wait for each other."""
    asked: list[object] = []
    kind = SimpleNamespace(AOTIModelPackageLoader=lambda *words: asked.append(words))
    monkeypatch.setattr(torch._C, "_aoti", kind)
    compiled._loaded(Path("p.pt2"), torch.device(device))
    assert asked == [("p.pt2", "model", *given)]
