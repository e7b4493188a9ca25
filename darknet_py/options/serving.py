"""The options of `serve`, and of the ASGI application that it runs."""

from __future__ import annotations

import os
from dataclasses import dataclass

from darknet_py.options.flag import MOST_IMAGES, flag
from darknet_py.options.model import NAMES, ImageOptions, ModelOptions, RunOptions
from darknet_py.options.video import MOST_PORT, SourceOptions, TrackOptions

TOKEN_VARIABLE = "DARKNET_PY_TOKEN"


def token_set() -> str | None:
    """$DARKNET_PY_TOKEN, which other users of the machine do not see in the list of processes."""
    return os.environ.get(TOKEN_VARIABLE) or None


@dataclass(frozen=True, kw_only=True)
class QueryOptions:
    """What holds for a request that does not say otherwise."""

    thresh: float = flag(
        0.25, "Minimum score of a box, where a request names none.", least=0, most=1
    )
    nms: float = flag(
        0.45, "Overlap above which the weaker of two boxes is dropped.", least=0, most=1
    )
    hier: float = flag(0.5, "Minimum product of the scores down a class tree.", least=0, most=1)
    letter_box: bool = flag(False, "Keep the image's aspect ratio and pad with grey.")

    @property
    def least_score(self) -> float:
        """What a score must be above."""
        return self.thresh


@dataclass(frozen=True, kw_only=True)
class ServerOptions(QueryOptions):
    """How the application answers, and how much it takes in."""

    batch: int | None = flag(
        None,
        "Images of several requests run at once (default: 4 for a small network; else 1).",
        least=1,
        most=MOST_IMAGES,
    )
    batch_wait: float = flag(
        3.0,
        "Milliseconds that a batch waits for images that are on their way.",
        "--batch-wait",
        least=0,
        most=1000,
        metavar="MS",
    )
    queue: int = flag(
        256, "Images that may wait for the network; what is more is answered 503.", least=1
    )
    max_mb: float = flag(
        20.0, "Megabytes that a request may have.", "--max-mb", least=0, above=True, metavar="MB"
    )
    max_megapixels: float = flag(
        50.0,
        "Millions of pixels that an image may have.",
        "--max-megapixels",
        least=0,
        above=True,
        metavar="MP",
    )
    timeout: float = flag(
        30.0,
        "Seconds that a request may take to arrive, and to be answered.",
        least=0,
        above=True,
        metavar="SECONDS",
    )
    token: str | None = flag(
        None,
        f"Answer only who knows it (default: ${TOKEN_VARIABLE}).",
        usual=token_set,
        hidden=True,
    )
    allow_origin: tuple[str, ...] = flag(
        (), "Answer pages of this address too, such as http://nas:8123.", "--allow-origin"
    )


@dataclass(frozen=True, kw_only=True)
class ServeOptions(
    ModelOptions, ImageOptions, RunOptions, ServerOptions, SourceOptions, TrackOptions
):  # fmt: skip
    """The options of `serve`. more: other networks, each NAME=CFG,WEIGHTS or
    NAME=CFG,WEIGHTS,NAMES."""

    more: tuple[str, ...] = ()
    names: str | None = flag(None, NAMES, metavar="FILE")
    name: str | None = flag(
        None, "What requests call the first network (default: CFG without its ending).", metavar="N"
    )
    host: str = flag("127.0.0.1", "Address to serve on; 0.0.0.0: other machines reach it, too.")
    port: int = flag(5000, "Port to serve on; 0: any free one.", least=0, most=MOST_PORT)
    stream: str | None = flag(
        None,
        "Show this video, camera (its number) or address at /stream, by the first network.",
        metavar="SOURCE",
    )
