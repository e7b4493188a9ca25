"""How processes that make samples are started."""

from __future__ import annotations

import multiprocessing
import sys
from multiprocessing import spawn

import pytest

from darknet_py.data.worker_processes import fresh_processes, main_left_out


def test_processes_start_from_a_server_where_there_is_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """A server forks what has been imported; elsewhere each process begins anew."""
    methods = ["spawn", "forkserver"]
    monkeypatch.setattr(multiprocessing, "get_all_start_methods", lambda: methods)
    assert fresh_processes().get_start_method() == "forkserver"
    methods.remove("forkserver")
    assert fresh_processes().get_start_method() == "spawn"


@pytest.mark.parametrize("spec", [True, False])
def test_the_programs_own_file_is_not_run_again(
    spec: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    main = sys.modules["__main__"]
    monkeypatch.setattr(main, "__file__", "script.py", raising=False)
    monkeypatch.setattr(main, "__spec__", spawn.__spec__ if spec else None)
    keys = {"init_main_from_name", "init_main_from_path"}
    assert keys & spawn.get_preparation_data("one").keys()
    with pytest.raises(ValueError, match="inside"), main_left_out():
        assert keys & spawn.get_preparation_data("one").keys() == set()
        raise ValueError("inside")
    assert main.__file__ == "script.py"
    assert keys & spawn.get_preparation_data("one").keys()
