"""Why an address did not give a file, and how long is waited for one that may yet."""

from __future__ import annotations

from dataclasses import dataclass


class MirrorFailure(Exception):
    """An address did not give what was asked of it.

    again: it may at another try. wait: seconds that it asked to wait before. stale: what is here
    of the file is no beginning of what the address has now.
    """

    def __init__(
        self, message: str, *, again: bool = False, wait: float = 0.0, stale: bool = False
    ) -> None:
        super().__init__(message)
        self.again, self.wait, self.stale = again, wait, stale


@dataclass(frozen=True)
class Patience:
    """timeout: seconds without a byte, and for connecting. tries: in a row that bring next to
    nothing; most_tries: in all, for one address. pause: seconds before the second try, then twice
    as long each time, up to longest_pause. slowest: bytes a second that must come on the mean of
    `window` seconds."""

    timeout: float = 30.0
    tries: int = 4
    most_tries: int = 50
    pause: float = 1.0
    longest_pause: float = 60.0
    slowest: float = 1024.0
    window: float = 60.0

    def pause_before(self, fruitless: int, asked: float) -> float:
        """Seconds after so many tries in a row that brought nothing. asked: by the server."""
        return min(max(asked, self.pause * 2.0 ** max(fruitless - 1, 0)), self.longest_pause)


PATIENCE = Patience()
