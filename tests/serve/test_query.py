"""What a request asks for."""

from __future__ import annotations

import pytest

from darknet_py.options.serving import QueryOptions
from darknet_py.serve.query import Query
from darknet_py.serve.refusal import Refusal

USUAL = Query(0.25, 0.45, 0.5, None)


def test_what_holds_where_nothing_is_said() -> None:
    assert Query.of(QueryOptions()) == USUAL
    options = QueryOptions(thresh=0.1, nms=0.0, hier=0.9, letter_box=True)
    assert Query.of(options) == Query(0.1, 0.0, 0.9, True)


def test_what_is_said_takes_its_place() -> None:
    assert USUAL.changed({}) == USUAL.changed({"model": "x"}) == USUAL
    fields = {"thresh": ".6", "nms": "0", "hier": "1", "letter_box": "0"}
    assert USUAL.changed(fields) == Query(0.6, 0.0, 1.0, False)


@pytest.mark.parametrize(
    ("text", "value"), [("1", True), ("Yes", True), ("ON", True), ("false", False), ("no", False)]
)
def test_yes_and_no_are_written_in_several_ways(text: str, value: bool) -> None:
    assert USUAL.changed({"letter_box": text}).letter_box is value


@pytest.mark.parametrize("name", ["thresh", "nms", "hier"])
@pytest.mark.parametrize("text", ["", "x", "-0.1", "1.01", "nan", "inf", "1e999", "0,5"])
def test_what_is_no_share_is_refused(name: str, text: str) -> None:
    with pytest.raises(Refusal, match=f"^{name}=.*: give a number from 0 to 1$") as refused:
        USUAL.changed({name: text})
    assert refused.value.status == 400


@pytest.mark.parametrize("text", ["", "2", "maybe", "x" * 5000])
def test_what_is_neither_yes_nor_no_is_refused(text: str) -> None:
    with pytest.raises(Refusal, match="^letter_box=.*: give 1 or 0$") as refused:
        USUAL.changed({"letter_box": text})
    assert refused.value.status == 400 and len(str(refused.value)) < 100
