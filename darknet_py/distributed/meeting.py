"""How processes that torchrun has started find each other, and nobody who was there before them.

torchrun keeps one store for all starts of a group. After a restart it still holds the addresses of
the dead, which torch's gloo takes for those of the living, and then waits or fails; what torchrun
says of the restart is not the same on all machines. So they first agree on a word that is new.
"""

from __future__ import annotations

import time
import uuid
from datetime import timedelta
from typing import Any

from darknet_py.errors import DarknetError

LOOK_SECONDS = 0.02
"""Between two looks of the first process at who has come."""


def agreed_word(store: Any, rank: int, world: int, patience: timedelta) -> str:
    """A word that all processes of this start of the group have, and none of another start.

    store: of torch.distributed, that all of them share, whatever is in it. Raises DarknetError
    where somebody does not come.
    """
    return _given_out(store, world, patience) if rank == 0 else _asked_for(store, rank)


def _asked_for(store: Any, rank: int) -> str:
    """By a name of its own, which no earlier process of this rank had."""
    own = uuid.uuid4().hex
    store.set(f"here {rank}", own)
    word: str = store.get(f"word for {own}").decode()
    store.set(f"{word} has {rank}", "")
    return word


def _given_out(store: Any, world: int, patience: timedelta) -> str:
    """To whoever says it is here: a dead one does not say that it has the word."""
    word, awaited = uuid.uuid4().hex, set(range(1, world))
    until = time.monotonic() + patience.total_seconds()
    while awaited:
        for rank in awaited:
            if store.check([f"here {rank}"]):
                store.set(f"word for {store.get(f'here {rank}').decode()}", word)
        awaited = {rank for rank in awaited if not store.check([f"{word} has {rank}"])}
        if awaited and time.monotonic() > until:
            numbers = ", ".join(map(str, sorted(awaited)))
            raise DarknetError(f"of {world} processes these have not come: {numbers}")
        time.sleep(LOOK_SECONDS if awaited else 0)
    return word
