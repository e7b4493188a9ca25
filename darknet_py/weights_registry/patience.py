"""How long is waited for an address that may yet give a file."""

from __future__ import annotations

from dataclasses import dataclass


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
