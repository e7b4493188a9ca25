"""What `serve` does: networks are loaded, and requests are answered until a signal comes."""

from __future__ import annotations

import dataclasses
import logging
from pathlib import Path
from typing import TYPE_CHECKING

from darknet_py.detect.command_start import settings_lines
from darknet_py.errors import DarknetError
from darknet_py.lazy import import_at_once
from darknet_py.network.load import LoadedModel, load_model
from darknet_py.options.flag import flags_of
from darknet_py.options.serving import ServeOptions
from darknet_py.options.video import SourceOptions, TrackOptions
from darknet_py.serve.packages import require_packages
from darknet_py.video.addresses import bound
from darknet_py.weights_registry.named_network import is_name, network_paths

if TYPE_CHECKING:
    from darknet_py.detect.detector import Detector
    from darknet_py.serve.live_source import LiveSource

logger = logging.getLogger(__name__)


def run(options: ServeOptions) -> None:
    """Returns when a signal ended it and all that was taken has been answered.

    What can be refused is refused before torch is imported.
    """
    require_packages()
    models = load_models(options)
    if idle := without_stream(options):
        logger.warning("%s: no effect without --stream", ", ".join(idle))
    source = _source(options)
    listener = bound("--port", options.host, options.port)
    import_at_once("torch")

    from darknet_py.detect.load_detector import from_loaded
    from darknet_py.serve.application import build
    from darknet_py.serve.http_server import serve
    from darknet_py.serve.service import Service

    config = options.engine_config()
    detectors: dict[str, Detector] = {
        name: from_loaded(model, config) for name, model in models.items()
    }
    for detector in detectors.values():
        for line in settings_lines(detector, options):
            logger.info("%s", line)
    service = Service(detectors, options, source, options.track)
    serve(build(service), listener, options.host)


def _source(options: ServeOptions) -> LiveSource | None:
    """Open, if one is asked for. Raises ImageError and DataError."""
    if options.stream is None:
        return None
    from darknet_py.serve.live_source import open_live
    from darknet_py.video.opened_source import capture_options

    return open_live(options.stream, capture_options(options))


def without_stream(options: ServeOptions) -> list[str]:
    """What was asked of a stream that there is not."""
    if options.stream is not None:
        return []
    usual = {field.name: field.default for field in dataclasses.fields(options)}
    names = (*flags_of(SourceOptions), *flags_of(TrackOptions))
    return [f"--{name}" for name in names if getattr(options, name) != usual[name]]


def load_models(options: ServeOptions) -> dict[str, LoadedModel]:
    """The networks by name, checked as far as can be without torch. Raises DarknetError."""
    first = options.name or Path(options.cfg).stem
    asked = {first: (options.cfg, options.weights, options.names)}
    for text in options.more:
        name, files = parsed(text)
        if name in asked:
            raise DarknetError(f"{text}: there is a network {name!r} already; give another name")
        asked[name] = files
    options.require_engine()
    return {name: _loaded(options, *files) for name, files in asked.items()}


def parsed(text: str) -> tuple[str, tuple[str, str, str | None]]:
    """Name, cfg, weights and names file of NAME=CFG,WEIGHTS[,NAMES], of NETWORK or NAME=NETWORK,
    a published one; raises DarknetError."""
    name, equals, files = text.partition("=")
    network = files if equals else name
    if name and is_name(network):
        paths = network_paths(network)
        return name, (paths.cfg, str(paths.weights), paths.names)
    words = files.split(",")
    if not (equals and name and 2 <= len(words) <= 3 and all(words)):
        cure = "give NAME=CFG,WEIGHTS or NAME=CFG,WEIGHTS,NAMES, or a published network's name"
        raise DarknetError(f"{text}: {cure}")
    cfg, weights, *names = words
    return name, (cfg, weights, names[0] if names else None)


def _loaded(options: ServeOptions, cfg: str, weights: str | None, names: str | None) -> LoadedModel:
    return load_model(
        cfg,
        weights,
        names,
        fork=options.fork_in_force,
        width=options.width,
        height=options.height,
    )
