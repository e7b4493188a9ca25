"""The harness of `make fuzz` finds faults that were planted, makes them small and goes on."""

from __future__ import annotations

import io
import random
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from fuzz.campaign import Campaign
from fuzz.cases import Case, Verdict, read_case
from fuzz.categories import CATEGORIES, Category
from fuzz.mutations import KINDS, arrays, cut, fill, flip, integer, mutated
from fuzz.shrink import smallest
from fuzz.supervisor import Supervisor

TEXT = b"".join(b"key=%d\n" % number for number in range(20))
FILES = {"a.cfg": TEXT}


def case(*words: str) -> Case:
    return Case("planted", ("python", *words), FILES, ("a.cfg",))


@pytest.fixture(scope="module")
def supervisor() -> Iterator[Supervisor]:
    with Supervisor(memory=100 << 20, seconds=1.5, module="fuzz.planted") as started:
        yield started


@pytest.mark.parametrize(
    ("words", "kind", "said"),
    [
        (("python", "divides", "a.cfg"), "traceback", "ZeroDivisionError planted.py"),
        (("python", "hoards"), "memory", "python: over the limit"),
        (("python", "warns"), "warning", "RuntimeWarning: planted"),
        (("python", "writes"), "not finite", "nan in a .json file"),
        (("summary", "a.cfg"), "refused", ""),
        (("summary", "--help"), "fine", ""),
        (("python", "dies"), "signal", "SIGSEGV"),
        (("python", "hangs"), "time", ""),
        (("summary", "--help"), "fine", ""),
    ],
)
def test_what_becomes_of_a_case(
    supervisor: Supervisor, words: tuple[str, ...], kind: str, said: str
) -> None:
    verdict = supervisor.verdict(Case("planted", words, FILES))
    assert verdict.kind == kind, verdict
    assert said in verdict.signature


def test_a_campaign_writes_the_smallest_input_of_a_fault(
    supervisor: Supervisor, tmp_path: Path
) -> None:
    row = Category("planted", lambda seeds: [])
    campaign = Campaign(row, [case("divides", "a.cfg")], tmp_path, seed=1)
    while not campaign.findings:
        campaign.run(supervisor, 0.2)
    ((kind, signature),) = campaign.findings
    assert (kind, signature.split()[0]) == ("traceback", "ZeroDivisionError")
    found = tmp_path / "planted" / "001"
    assert b"7" in (found / "a.cfg").read_bytes() and (found / "a.cfg").stat().st_size <= 8
    assert "planted" in (found / "finding.txt").read_text()
    assert supervisor.verdict(read_case(found)).kind == "traceback"
    assert campaign.row.split()[:3] == ["planted", str(campaign.counts.total()), "1"]


def test_what_is_smallest_has_the_same_verdict() -> None:
    def judge(other: Case) -> Verdict:
        return Verdict("bad" if b"=7" in other.files["a.cfg"] else "fine")

    found = smallest(case("divides", "a.cfg"), Verdict("bad"), judge, seconds=5)
    assert found.files["a.cfg"] == b"=7"


@pytest.mark.parametrize("ending", [*KINDS, "bin"])
def test_a_seed_draws_the_same_mutations_whatever_the_content(ending: str) -> None:
    for content in (b"", b"\0", TEXT, b'{"x": [1, {"y": 2}]}'):
        one = Case("", ("x",), {f"a.{ending}": content}, (f"a.{ending}",))
        first, second = (
            [mutated(one, rng).files for _ in range(200)]
            for rng in (random.Random(3), random.Random(3))
        )
        assert first == second
        assert len({str(files) for files in first}) > 5


def test_words_are_mutated_where_no_file_is() -> None:
    one, rng = Case("", ("train", "a.data"), {}), random.Random(1)
    assert len({mutated(one, rng).words for _ in range(50)}) > 20


def test_categories_have_names_of_their_own() -> None:
    names = [row.name for row in CATEGORIES]
    assert len(set(names)) == len(names) == 10


def test_arrays_that_are_damaged_already_are_changed_all_the_same() -> None:
    file, rng = io.BytesIO(), random.Random(1)
    np.savez(file, a=np.zeros(5), b=np.ones((2, 2)))
    for _ in range(500):
        data = file.getvalue()
        for change in (flip, cut, integer, fill, arrays):
            data = change(data, rng) if data else data
