"""The part of a download that is here, and what it is a part of, so that it can be gone on with."""

from __future__ import annotations

import contextlib
import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path

from darknet_py import files


@dataclass(frozen=True)
class Source:
    """Where a part is from. validator: of the file's version there, "" for none. total: bytes of
    the whole file there, 0 where the server did not say."""

    url: str = ""
    validator: str = ""
    total: int = 0


@dataclass(frozen=True)
class PartFile:
    """`path` grows; beside it lies, as JSON, its Source."""

    path: Path

    @property
    def size(self) -> int:
        """Bytes that are here."""
        try:
            return os.path.getsize(self.path)
        except OSError:
            return 0

    @property
    def source(self) -> Source:
        """An empty one where nothing is known, or what is there cannot be read."""
        try:
            known = json.loads(self._beside.read_text("utf-8"))
            return Source(str(known["url"]), str(known["validator"]), int(known["total"]))
        except (OSError, ValueError, LookupError, TypeError):
            return Source()

    @property
    def _beside(self) -> Path:
        return self.path.with_name(f"{self.path.name}.json")

    def begin(self, source: Source) -> None:
        """Say where what follows is from. Raises OutputError."""
        if source == self.source:
            return
        with files.replacing(self._beside, durable=False) as file:
            file.write(json.dumps(asdict(source)).encode())

    def add(self, data: bytes) -> None:
        """Raises OutputError; the part is as before then."""
        files.append(self.path, data)

    def discard(self) -> None:
        """Nothing is left of it. Raises OSError for a file that cannot be removed."""
        for path in (self._beside, self.path):
            with contextlib.suppress(FileNotFoundError):
                os.unlink(path)

    def finish(self, target: Path) -> None:
        """What was a part takes the name `target`. Raises OutputError."""
        files.take_name(self.path, target)
        self.discard()
