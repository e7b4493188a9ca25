"""The table of sections: each is examined, whatever is broken."""

from __future__ import annotations

import pytest

from darknet_py.doctor import sections
from darknet_py.doctor.needed_packages import NEEDED
from darknet_py.doctor.section import Examined
from darknet_py.doctor.sections import SECTIONS, SELF_TEST, SectionRow, _function, examined


def test_every_row_has_its_function() -> None:
    for row in (SECTIONS | SELF_TEST).values():
        assert callable(_function(row.home)) and set(row.needs) <= set(NEEDED)


def test_what_cannot_be_examined_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    def breaks() -> Examined:
        raise AttributeError("module 'cv2' has no attribute 'x'\nat y")

    monkeypatch.setattr(sections, "failures", lambda: {"cv2": "is broken", "numpy": "too"})
    monkeypatch.setattr(sections, "_function", lambda home: breaks)
    rows = {"a": SectionRow("A", "", ("torch",)), "b": SectionRow("B", "", ("numpy", "cv2"))}
    monkeypatch.setattr(sections, "SECTIONS", rows)
    monkeypatch.setattr(sections, "SELF_TEST", {"c": SectionRow("C", "", ("cv2",))})
    broken, lacking = examined(self_test=False)
    what = "AttributeError: module 'cv2' has no attribute 'x'"
    issue = f"cannot be examined: {what}; report it with the rest of this text"
    assert (broken.key, broken.title) == ("a", "A")
    assert broken.examined == Examined({"unknown": what}, (issue,))
    assert lacking.examined == Examined({"unknown": "not examined without numpy and cv2"})
    assert [each.key for each in examined()] == ["a", "b", "c"]
