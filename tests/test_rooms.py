"""Who may import whom, read from the source with `ast`.

A room is a module of the package or one of its sub-packages. A new room needs a row in MAY_IMPORT.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from functools import cache
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parent.parent / "darknet_py"
HEAVY = {"torch", "numpy", "cv2", "pycocotools"}

NETWORK = {"errors", "cfg", "forks", "layers", "network"}
"""What whoever runs a network may import."""
MAY_IMPORT: dict[str, set[str]] = {
    "version": set(),
    "errors": set(),
    "system": set(),
    "progress": set(),
    "lazy": {"errors"},
    "parallel": set(),
    "signals": set(),
    "run_script": set(),
    "web_request": {"version"},
    "": {"errors", "version"},
    "cfg": {"errors"},
    "files": {"errors"},
    "forks": {"errors"},
    "boxes": {"lazy"},
    "plots": {"errors", "files"},
    "layers": {"boxes", "cfg", "errors", "forks", "lazy"},
    "losses": {"boxes", "forks", "layers", "lazy"},
    "network": {"cfg", "errors", "files", "forks", "layers", "system"},
    "weights_registry": NETWORK | {"engines", "files", "options", "progress", "web_request"},
    "augment": NETWORK,
    "conversion": NETWORK | {"boxes", "lazy", "version"},
    "images": NETWORK | {"files", "lazy", "parallel", "system", "web_request"},
    "engines": NETWORK | {"conversion", "files", "lazy", "system"},
    "options": {"cfg", "conversion", "engines", "errors", "forks"},
    "distributed": {"engines", "errors", "lazy", "options", "system"},
    "data": NETWORK | {"augment", "files", "images", "options", "progress", "system"},
    "interchange": {"cfg", "data", "engines", "errors", "files", "forks", "images", "lazy"}
    | {"options", "progress"},
    "synthetic": {"errors", "files", "images", "options", "progress"},
    "anchors": NETWORK | {"augment", "data", "files", "options", "plots"},
    "detect": NETWORK
    | {"boxes", "data", "distributed", "engines", "files", "images", "lazy", "options", "parallel"}
    | {"system", "weights_registry"},
    "rnn": NETWORK | {"data", "engines", "options"},
    "go": NETWORK | {"data", "engines", "options"},
    "validate": NETWORK
    | {"augment", "data", "files", "images", "options", "parallel", "progress", "system"},
    "benchmark": NETWORK
    | {"", "detect", "engines", "files", "images", "options", "plots", "progress", "system"}
    | {"train", "weights_registry"},
    "classify": NETWORK | {"data", "detect", "engines", "files", "images", "options"},
    "segment": NETWORK | {"classify", "detect", "files", "images", "options"},
    "evaluate": NETWORK
    | {
        "data",
        "detect",
        "distributed",
        "engines",
        "files",
        "images",
        "interchange",
        "lazy",
        "options",
        "plots",
    }
    | {"progress", "weights_registry"},
    "video": NETWORK
    | {
        "synthetic",
        "classify",
        "detect",
        "engines",
        "files",
        "images",
        "lazy",
        "options",
        "parallel",
        "progress",
    }
    | {"signals"},
    "serve": NETWORK
    | {"data", "detect", "engines", "files", "images", "lazy", "options", "parallel", "signals"}
    | {"system", "version", "video", "weights_registry"},
    "dnn": NETWORK | {"conversion", "engines", "run_script"},
    "weight_tools": NETWORK | {"files"},
    "calibrate": NETWORK
    | {"conversion", "data", "engines", "evaluate", "images", "interchange", "lazy"},
    "export": NETWORK | {"conversion", "detect", "engines", "files", "images", "lazy", "options"},
    "train": NETWORK
    | {
        "augment",
        "classify",
        "data",
        "detect",
        "distributed",
        "engines",
        "evaluate",
        "files",
        "images",
        "interchange",
        "lazy",
        "losses",
        "options",
        "plots",
        "progress",
        "signals",
        "system",
        "weights_registry",
    },
    "advice": NETWORK
    | {"anchors", "data", "engines", "files", "images", "options", "parallel", "plots", "progress"}
    | {"system", "train", "weights_registry"},
    "ray_worker": {"detect", "errors", "images"},
    "checkpoints": NETWORK | {"conversion", "files", "options", "train"},
    "visualize": NETWORK | {"augment", "data", "engines", "files", "images", "options"},
    "compat": NETWORK | {"detect", "engines", "files", "images", "run_script", "version"},
    "doctor": {"benchmark", "cfg", "engines", "errors", "forks", "images", "network", "system"}
    | {"train", "version", "video", "weights_registry"},
    "cli": {
        "",
        "advice",
        "anchors",
        "benchmark",
        "cfg",
        "checkpoints",
        "classify",
        "data",
        "detect",
        "distributed",
        "doctor",
        "engines",
        "errors",
        "evaluate",
        "export",
        "go",
        "images",
        "interchange",
        "network",
        "options",
        "rnn",
        "segment",
        "serve",
        "synthetic",
        "system",
        "train",
        "validate",
        "video",
        "visualize",
        "weight_tools",
        "weights_registry",
    },
    "__main__": {"cli"},
}
"""Room -> the rooms it may import; "" is the package itself (darknet_py/__init__.py)."""
LIGHT = {
    "",
    "boxes",
    "benchmark.entries",
    "benchmark.gpu_rows",
    "network.check_data",
    "cfg",
    "conversion.metadata",
    "distributed.list_share",
    "conversion.export_target",
    "validate.issues",
    "data.listing",
    "lazy",
    "detect.prompt",
    "images.compressed_headers",
    "images.exif",
    "images.header_record",
    "images.headers",
    "images.image_paths",
    "images.moving_names",
    "images.plain_headers",
    "images.tiled_headers",
    "images.web_addresses",
    "engines.cache_folder",
    "engines.calibration",
    "engines.compiler",
    "engines.devices",
    "engines.table",
    "errors",
    "plots",
    "conversion.formats",
    "forks",
    "network.graph",
    "data.label_paths",
    "layers",
    "network.weights_header",
    "network.weights_layout",
    "network.load",
    "network.not_trained",
    "network.sequence_parts",
    "options",
    "parallel",
    "progress",
    "run_script",
    "files",
    "network.summary",
    "system",
    "train.schedule",
    "signals",
    "version",
    "web_request",
    "weights_registry",
}
"""Modules, and rooms with all their modules, that run without torch, numpy and cv2."""
LIGHT_TO_IMPORT = {
    "__main__",
    "benchmark.command",
    "benchmark.gpu_command",
    "benchmark.speed",
    "cli",
    "evaluate.eval_files_command",
    "evaluate.eval_inputs",
    "network.check",
}
"""Those whose functions import heavy modules when they run, and not before."""


@cache
def sources() -> tuple[Path, ...]:
    return tuple(sorted(PACKAGE.rglob("*.py")))


@cache
def parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text())


def room_of(path: Path) -> str:
    parts = path.relative_to(PACKAGE).with_suffix("").parts
    return "" if parts[0] == "__init__" else room_named(".".join(parts))


def room_named(module: str) -> str:
    """The room of a module, by its dotted name in the package."""
    parts = module.split(".")
    return parts[0]


def run_time_nodes(tree: ast.AST, into_functions: bool) -> Iterator[ast.AST]:
    """Every node but those of `if TYPE_CHECKING:` blocks, and of functions unless asked for."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and not into_functions:
            continue
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            for other in node.orelse:
                yield other
                yield from run_time_nodes(other, into_functions)
            continue
        yield node
        yield from run_time_nodes(node, into_functions)


def imported(path: Path, into_functions: bool = True) -> set[str]:
    """Full names of the modules (and of what is taken from them) a file imports at run time."""
    return names_imported(run_time_nodes(parsed(path), into_functions), path)


def names_imported(nodes: Iterable[ast.AST], path: Path) -> set[str]:
    names: set[str] = set()
    for node in nodes:
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return names


ROOMS = {room_of(source) for source in sources()}


def rooms_imported(path: Path, into_functions: bool = True) -> set[str]:
    actual = set()
    for name in imported(path, into_functions):
        package, _, rest = name.partition(".")
        if package == PACKAGE.name:
            room = room_named(rest)
            actual.add(room if room in ROOMS else "")
    return actual - {room_of(path)}


@pytest.mark.parametrize("path", sources(), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_imports_follow_the_table(path: Path) -> None:
    room = room_of(path)
    assert room in MAY_IMPORT, f"new room '{room}': say in MAY_IMPORT whom it may import"
    assert rooms_imported(path) - MAY_IMPORT[room] == set()


def test_the_table_has_no_cycle_and_no_dead_row() -> None:
    TopologicalSorter(MAY_IMPORT).prepare()
    assert set(MAY_IMPORT) - {room_of(path) for path in sources()} == set()


def test_no_modules_import_each_other() -> None:
    """Directly or through others; imports in functions and for type checking count too."""
    assert circles() == set()


def circles() -> set[tuple[str, ...]]:
    """Modules of which each is reached from each, by their names below the package."""
    arrows = {name: own_modules(every_import(path)) for name, path in MODULES.items()}
    reached = {name: reachable(name, arrows) for name in arrows}
    groups = [{other for other in met if name in reached[other]} for name, met in reached.items()]
    return {tuple(sorted(group)) for group in groups if group}


def reachable(start: str, arrows: dict[str, set[str]]) -> set[str]:
    """Whatever imports lead to; the start only if they lead back to it."""
    actual, todo = set[str](), [start]
    while todo:
        new = arrows[todo.pop()] - actual
        actual |= new
        todo += new
    return actual


def test_circles_are_seen() -> None:
    arrows = {"a": {"b"}, "b": {"c"}, "c": {"b"}, "d": set[str]()}
    assert reachable("a", arrows) == {"b", "c"} and reachable("b", arrows) == {"b", "c"}
    assert every_import(PACKAGE / "layers" / "tree.py") >= {"torch", "darknet_py.errors.Location"}


def every_import(path: Path) -> set[str]:
    """As `imported`, with those in functions and those for type checking."""
    return names_imported(ast.walk(parsed(path)), path)


def test_only_layers_asks_what_kind_a_layer_is() -> None:
    """Others show `layer.kind`; what depends on it is a question that the layer's class answers."""
    rooms = [path for path in sources() if room_of(path) != "layers"]
    actual = [f"{path.name}:{line}" for path in rooms for line in decisions_by_kind(path)]
    assert actual == []


def decisions_by_kind(path: Path) -> Iterator[int]:
    """Lines that compare `layer.kind` or look it up in a table."""
    for node in ast.walk(parsed(path)):
        asked: list[ast.expr] = []
        if isinstance(node, ast.Compare):
            asked = [node.left, *node.comparators]
        elif isinstance(node, ast.Subscript):
            asked = [node.slice]
        elif isinstance(node, ast.Call) and getattr(node.func, "attr", "") == "get":
            asked = node.args
        if any(ast.unparse(one).endswith("layer.kind") for one in asked):
            yield node.lineno


def module_of(path: Path) -> str:
    """Its name below the package: room.module, or "" for the package itself."""
    parts = path.relative_to(PACKAGE).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {module_of(path): path for path in sources()}


def own_modules(names: set[str]) -> set[str]:
    """The package's own among what is imported; in `from room import module` the module."""
    package = PACKAGE.name
    below = {name.removeprefix(package).lstrip(".") for name in names if is_own(name)}
    return {name if name in MODULES else name.rpartition(".")[0] for name in below}


def is_own(name: str) -> bool:
    return name.partition(".")[0] == PACKAGE.name


def declared(rows: set[str]) -> list[str]:
    """The modules of a table whose rows are modules and rooms."""
    return [name for name in MODULES if name in rows or name.partition(".")[0] in rows - {""}]


@pytest.mark.parametrize("name", declared(LIGHT))
def test_light_modules_import_nothing_heavy(name: str) -> None:
    names = imported(MODULES[name])
    assert {name.split(".")[0] for name in names} & HEAVY == set()
    assert own_modules(names) - set(declared(LIGHT)) == set()


@pytest.mark.parametrize("name", declared(LIGHT_TO_IMPORT))
def test_modules_that_are_light_to_import(name: str) -> None:
    names = imported(MODULES[name], into_functions=False)
    assert {name.split(".")[0] for name in names} & HEAVY == set()
    assert own_modules(names) - set(declared(LIGHT | LIGHT_TO_IMPORT)) == set()


def test_the_tables_of_light_modules_have_no_dead_row() -> None:
    rooms = {name.partition(".")[0] for name in MODULES}
    assert (LIGHT | LIGHT_TO_IMPORT) - set(MODULES) - rooms == set()
    assert set(declared(LIGHT)) & set(declared(LIGHT_TO_IMPORT)) == set()


def test_only_the_command_line_imports_the_command_line() -> None:
    users = {room_of(path) for path in sources() if "cli" in rooms_imported(path)}
    assert users == {"__main__"}


def evaluated_names(path: Path) -> set[str]:
    """Names a file evaluates; annotations are only text with the `annotations` future import."""
    tree = ast.parse(path.read_text())  # one of its own: it is changed
    for node in ast.walk(tree):
        for field in {"annotation", "returns"} & set(node._fields):
            setattr(node, field, None)
    return {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}


def test_layers_take_torch_through_deferred() -> None:
    layers = [path for path in sources() if room_of(path) == "layers"]
    users = [path.name for path in layers if "torch" in evaluated_names(path)]
    assert len(users) > 10
    assert users == [path.name for path in layers if 'deferred("torch")' in path.read_text()]
