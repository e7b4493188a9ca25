"""Networks behind HTTP: `darknet-py serve`, and `app` to mount in another program."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from starlette.applications import Starlette

    from darknet_py.detect.detector import Detector


def app(
    detectors: Detector | Mapping[str, Detector],
    *,
    stream: Any = None,
    track: bool = False,
    **options: Any,
) -> Starlette:
    """The ASGI application of `darknet-py serve`, to run by any ASGI server or to mount elsewhere.

    detectors: one, or several by the names that requests call them; the first is meant where none
    is named. stream: shown at /stream by the first: a video's path, the number of a camera, an
    address, a generator of images, or an open FrameSource. track: give its objects numbers that
    stay. options: the fields of `darknet_py.options.serving.ServerOptions`: batch, queue,
    token, ... Threads start with the first request and end with the application's lifespan, or by
    `app.state.service.close()`. Raises DarknetError when the packages of the extra [serve] are not
    installed, ImageError and DataError for a stream that does not open.
    """
    from darknet_py.options.serving import ServerOptions
    from darknet_py.serve.packages import require_packages

    require_packages()

    from darknet_py.serve.application import build
    from darknet_py.serve.live_source import open_live
    from darknet_py.serve.service import Service, named

    chosen, by_name = ServerOptions(**options), named(detectors)
    source = None if stream is None else open_live(stream)
    return build(Service(by_name, chosen, source, track))
