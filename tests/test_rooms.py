"""Who may import whom, read from the source with `ast`.

A room is a module of the package or one of its sub-packages. A new room needs a row in MAY_IMPORT.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parent.parent / "darknet_py"
HEAVY = {"torch", "numpy", "cv2", "pycocotools"}

READING = {"errors", "cfg", "forks", "layers", "graph", "layout"}
RUNNING = READING | {"weights", "network", "execute"}
MAY_IMPORT: dict[str, set[str]] = {
    "errors": set(),
    "deferred": set(),
    "version": set(),
    "progress": set(),
    "replacement": {"errors"},
    "figures": {"errors", "replacement"},
    "boxes": set(),
    "labelpath": {"forks"},
    "cfg": {"errors"},
    "forks": {"errors"},
    "names": {"errors", "cfg"},
    "layers": {"errors", "cfg", "forks", "deferred"},
    "graph": {"errors", "cfg", "forks", "layers"},
    "layout": {"errors", "layers", "graph"},
    "layertable": {"layers"},
    "summary": {"layers", "graph", "layertable"},
    "check": READING | {"summary"},
    "opening": {"errors", "forks", "graph", "layout", "names", "summary"},
    "weights": {"errors", "layers", "graph", "layout", "replacement"},
    "execute": {"layers", "graph"},
    "network": READING | {"weights", "execute"},
    "devices": {"errors", "deferred"},
    "enginetable": {"errors"},
    "exporttable": set(),
    "engines": RUNNING | {"conversion", "devices", "enginetable"},
    "conversion": RUNNING | {"boxes", "exporttable", "version"},
    "export": RUNNING
    | {"conversion", "detect", "engines", "enginetable", "exporttable", "names", "replacement"},
    "detect": RUNNING
    | {"devices", "enginetable", "engines"}
    | {"deferred", "boxes", "names", "labelpath", "opening", "replacement"},
    "losses": {"errors", "forks", "layers", "boxes"},
    "train": RUNNING
    | {
        "devices",
        "enginetable",
        "losses",
        "data",
        "detect",
        "classify",
        "evaluate",
        "names",
        "opening",
        "progress",
    },
    "data": READING
    | {"boxes", "names", "labelpath", "check", "weights", "detect", "progress", "replacement"},
    "evaluate": RUNNING
    | {
        "devices",
        "enginetable",
        "engines",
        "deferred",
        "opening",
        "names",
        "labelpath",
        "detect",
        "data",
        "figures",
        "progress",
        "replacement",
    },
    "benchmark": RUNNING
    | {"", "devices", "enginetable", "engines", "detect", "opening", "summary"}
    | {"figures", "progress", "replacement"},
    "text": RUNNING | {"devices", "data", "detect"},
    "classify": RUNNING
    | {"devices", "enginetable", "engines", "opening", "names", "detect", "data"},
    "": {"errors", "version", "network", "detect"},
    "cli": {
        "",
        "benchmark",
        "devices",
        "enginetable",
        "errors",
        "export",
        "exporttable",
        "forks",
        "graph",
        "summary",
        "check",
        "weights",
        "network",
        "opening",
        "detect",
        "text",
        "classify",
        "evaluate",
        "train",
        "data",
    },
    "__main__": {"cli"},
}
"""Room -> the rooms it may import; "" is the package itself (darknet_py/__init__.py)."""
LIGHT = {
    "",
    "check",
    "cfg",
    "cli",
    "deferred",
    "devices",
    "enginetable",
    "errors",
    "figures",
    "exporttable",
    "forks",
    "graph",
    "labelpath",
    "layers",
    "layertable",
    "layout",
    "names",
    "opening",
    "progress",
    "replacement",
    "summary",
    "version",
}
"""Rooms that run without torch, numpy and cv2."""
COMMAND_BODIES = {"cli"}
"""Light rooms whose functions may import heavy modules when they run."""


def sources() -> list[Path]:
    return sorted(PACKAGE.rglob("*.py"))


def room_of(path: Path) -> str:
    first = path.relative_to(PACKAGE).parts[0].removesuffix(".py")
    return "" if first == "__init__" else first


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
    names: set[str] = set()
    for node in run_time_nodes(ast.parse(path.read_text()), into_functions):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return names


def rooms_imported(path: Path, into_functions: bool = True) -> set[str]:
    rooms = {room_of(source) for source in sources()}
    found = set()
    for name in imported(path, into_functions):
        package, _, rest = name.partition(".")
        if package == PACKAGE.name:
            room = rest.split(".")[0]
            found.add(room if room in rooms else "")
    return found - {room_of(path)}


@pytest.mark.parametrize("path", sources(), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_imports_follow_the_table(path: Path) -> None:
    room = room_of(path)
    assert room in MAY_IMPORT, f"new room '{room}': say in MAY_IMPORT whom it may import"
    assert rooms_imported(path) - MAY_IMPORT[room] == set()


def test_the_table_has_no_cycle_and_no_dead_row() -> None:
    TopologicalSorter(MAY_IMPORT).prepare()
    assert set(MAY_IMPORT) - {room_of(path) for path in sources()} == set()


def test_modules_import_each_other_without_a_cycle() -> None:
    """Also inside a room; imports in functions and for type checking do not count."""
    names = {module_of(path): path for path in sources()}
    arrows = {name: modules_imported(path, set(names)) - {name} for name, path in names.items()}
    TopologicalSorter(arrows).prepare()


def module_of(path: Path) -> str:
    parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def modules_imported(path: Path, modules: set[str]) -> set[str]:
    """The package's own modules a file imports; in `from package import module`, the module."""
    names = imported(path, into_functions=False)
    return {name if name in modules else name.rpartition(".")[0] for name in names} & modules


def light_sources() -> list[Path]:
    return [path for path in sources() if room_of(path) in LIGHT]


@pytest.mark.parametrize("path", light_sources(), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_light_rooms_import_nothing_heavy(path: Path) -> None:
    room = room_of(path)
    names = imported(path, into_functions=room not in COMMAND_BODIES)
    assert {name.split(".")[0] for name in names} & HEAVY == set()
    heavy_rooms = set(MAY_IMPORT) - LIGHT
    assert rooms_imported(path, into_functions=room not in COMMAND_BODIES) & heavy_rooms == set()


def test_only_the_command_line_imports_the_command_line() -> None:
    users = {room_of(path) for path in sources() if "cli" in rooms_imported(path)}
    assert users == {"__main__"}


def evaluated_names(path: Path) -> set[str]:
    """Names a file evaluates; annotations are only text with the `annotations` future import."""
    tree = ast.parse(path.read_text())
    for node in ast.walk(tree):
        for field in {"annotation", "returns"} & set(node._fields):
            setattr(node, field, None)
    return {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}


def test_layers_take_torch_through_deferred() -> None:
    layers = [path for path in sources() if room_of(path) == "layers"]
    users = [path.name for path in layers if "torch" in evaluated_names(path)]
    assert len(users) > 10
    assert users == [path.name for path in layers if 'deferred("torch")' in path.read_text()]
