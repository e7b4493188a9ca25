"""darknet.py's functions that load a network, a .data file or class names, and ask for sizes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from darknet_py.cfg.datafile import read_data_file
from darknet_py.cfg.names import fitted_names, read_names
from darknet_py.compat.arguments import Path, path_text, store, whole
from darknet_py.compat.colors import class_colors
from darknet_py.compat.dialects import (
    BEFORE_2020_04,
    HANK,
    ORIGINAL,
    TODAY,
    Dialect,
    notice,
    present_dialect,
    said_dialect,
)
from darknet_py.compat.library_lines import say
from darknet_py.compat.open_network import (
    MACHINE,
    LoadedNetwork,
    NetworkNumber,
    OpenNetwork,
    opened,
)
from darknet_py.compat.structures import METADATA
from darknet_py.errors import DataError, Location
from darknet_py.network.darknet_lines import (
    Said,
    loading_lines,
    network_lines,
    plain_loading_lines,
)


def load_net(cfg: Path, weights: Path, clear: int, *, dialect: str | None = None) -> NetworkNumber:
    """A network from a cfg and a .weights file, b"" for random weights.

    All darknet.py have it. Unless another dialect has been seen or asked for it is pjreddie's, and
    becomes AlexeyAB's with the first call that only his has, such as `detect_image`. clear: sets
    the count of images seen to 0, which changes no answer. Raises CfgError, WeightsError.
    """
    told = said_dialect(dialect)
    chosen = told or ORIGINAL
    if told is None:
        notice(ORIGINAL)
    number = _open(cfg, weights, clear, 1, chosen, told is not None)
    say(_load_lines(opened(number), f"clear = {clear}"), chosen)
    return number


def load_net_custom(
    cfg: Path, weights: Path, clear: int, batch: int, *, dialect: str | None = None
) -> NetworkNumber:
    """The same for `batch` images at once, of AlexeyAB's and hank-ai's darknet.py."""
    chosen = _with_batches(dialect)
    number = _open(cfg, weights, clear, batch, chosen, True)
    network = opened(number)
    say(_load_lines(network, f"weights: {network.weights}, clear = {clear}"), chosen)
    network.timed  # noqa: B018 -- loads it now, and not while somebody takes the time of an image
    return number


def load_network(
    config_file: Path,
    data_file: Path,
    weights: Path,
    batch_size: int = 1,
    *,
    dialect: str | None = None,
) -> Any:
    """(network, class names, colours), with the names and the classes= of the .data file.

    Scripts for hank-ai's darknet.py, where it is the network alone, may take it for that: it is
    one for all functions here. Where that dialect is in force it is the network alone. Raises
    CfgError, WeightsError, DataError.
    """
    number = load_net_custom(config_file, weights, 0, batch_size, dialect=dialect)
    if opened(number).dialect.loads_alone:
        return number
    metadata = load_meta(path_text(data_file, "data_file"))
    names = [str(name) for name in metadata.names]
    return LoadedNetwork((number, names, class_colors(names, dialect=dialect)))


def load_meta(path: Path) -> METADATA:
    """classes= and the names of a .data file: bytes if the path is given as bytes, else str.

    Where names are missing class numbers stand in for them. Raises DataError.
    """
    data = read_data_file(path_text(path, "path"))
    file = data.file("names") or data.file("labels")
    if file is None:
        message = "has no names= line, expected the file of class names"
        raise DataError(message, Location(data.path))
    classes = data.integer("classes", 2)
    names = fitted_names(read_names(file), classes, file)
    if present_dialect().fork.log.tells_machine:
        listed = data.options.get("names", data.options.get("labels"))
        say([Said(f"Loaded - names_list: {listed}, classes = {classes} \n")], present_dialect())
    encoded = [name.encode() for name in names]
    return METADATA(classes, encoded if isinstance(path, bytes) else names)


def network_width(net: Any) -> int:
    """Width in pixels of what the network sees."""
    return opened(net).graph.net.width


def network_height(net: Any) -> int:
    """Height in pixels of what the network sees."""
    return opened(net).graph.net.height


def network_dimensions(net: Any, w: Any = None, h: Any = None, c: Any = None) -> Any:
    """hank-ai's: width, height and channels, written into c_int or pointers to them where such
    are given, else returned."""
    notice(HANK)
    shape = opened(net).graph.net
    sizes = shape.width, shape.height, shape.channels
    if w is h is c is None:
        return sizes
    for target, size, name in zip((w, h, c), sizes, "whc", strict=True):
        store(target, size, name)
    return None


def set_gpu(n: int) -> None:
    """Run networks that are loaded from here on on this CUDA device; -1: on the CPU.

    Without it that is the first CUDA device, and the CPU where there is none.
    """
    MACHINE.gpu = whole(n, "n")


def reset_rnn(net: Any) -> None:
    """A recurrent network forgets what it has seen."""
    opened(net).memory.clear()


def _with_batches(dialect: str | None) -> Dialect:
    """The dialect of a call that pjreddie's darknet.py has not."""
    told = said_dialect(dialect)
    if told is None and present_dialect() not in (HANK, BEFORE_2020_04):
        notice(TODAY)
    return told or present_dialect()


def _open(
    cfg: Path, weights: Path, clear: int, batch: int, dialect: Dialect, certain: bool
) -> NetworkNumber:
    whole(clear, "clear")
    if whole(batch, "batch") < 1:
        raise ValueError(f"batch: expected 1 or more images, got {batch}")
    files = path_text(cfg, "cfg"), path_text(weights, "weights")
    return NetworkNumber.of(OpenNetwork(*files, batch, dialect, certain))


def _load_lines(network: OpenNetwork, told: str) -> Iterator[Said]:
    """What the C library prints while it loads a network."""
    rules, graph, path = network.dialect.fork.log, network.graph, network.weights
    if rules.tells_machine:
        yield Said(f" Try to load cfg: {network.cfg}, {told} \n")
    yield from network_lines(graph, network.batch, 1, False)
    if not path:
        return
    if rules.tells_machine:
        yield Said(f" Try to load weights: {path} \n")
    own = loading_lines if rules.tells_seen else plain_loading_lines
    yield from own(network.plan.path, network.plan.header, network.plan.covered)
