"""The project whose tests are judged: where its package and its tests lie, which tests count."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

SLOW = (
    "pytest",
    "hypothesis",
    "click",
    "cv2",
    "numpy",
    "pycocotools.mask",
    "torch",
    "torch._dynamo",
)
"""What takes seconds to import and is none of the package."""


@dataclass(frozen=True)
class Project:
    root: Path
    package: str
    preloaded: tuple[str, ...] = SLOW
    marks: str = "not parity and not slow"

    @property
    def sources(self) -> list[Path]:
        return sorted((self.root / self.package).rglob("*.py"))

    @property
    def test_files(self) -> list[Path]:
        """All but those of this folder, which are not about the package."""
        own = self.root / "tests" / Path(__file__).parent.name
        return sorted(set((self.root / "tests").rglob("test_*.py")) - set(own.rglob("*.py")))

    def mirror(self, path: str) -> str:
        """Where the tests of a file of the package are by the house's rule, all below it its own.

        tests/room/test_name.py for package/room/name.py, with tests/room/test_name_more.py.
        """
        inside = Path(path).relative_to(self.package)
        return str(Path("tests") / inside.parent / f"test_{inside.stem}")
