"""What darknet.py says of its library, and what hank-ai's can tell it."""

from __future__ import annotations

from pathlib import Path as FilePath
from typing import Any

from darknet_py.compat import library_lines
from darknet_py.compat.arguments import Path, path_text, whole
from darknet_py.compat.dialects import HANK, notice, present_dialect
from darknet_py.compat.library_lines import tell_processor
from darknet_py.compat.open_network import opened
from darknet_py.files import replacing
from darknet_py.network import darknet_lines
from darknet_py.network.darknet_lines import Said
from darknet_py.version import __version__


def set_verbose(flag: bool) -> None:
    """hank-ai's: whether the layers are printed when a network is loaded."""
    notice(HANK)
    library_lines.LINES.verbose = bool(whole(flag, "flag"))


def set_output_stream(filename: Path) -> None:
    """hank-ai's: a new file for what the library would print, b"" for the console again.

    Raises OutputError for a file that cannot be written.
    """
    notice(HANK)
    name = path_text(filename, "filename")
    library_lines.LINES.file = FilePath(name) if name else None
    if library_lines.LINES.file is not None:
        with replacing(library_lines.LINES.file):
            pass


def version_string() -> bytes:
    """hank-ai's: of this library."""
    notice(HANK)
    return f"v{__version__}".encode()


def version_short() -> bytes:
    """hank-ai's: of this library, the number alone."""
    notice(HANK)
    return __version__.encode()


def show_version_info() -> None:
    """hank-ai's: prints the version, the machine and OpenCV's version."""
    notice(HANK)
    version = Said(f'Darknet "darknet-py" v{__version__}\n')
    darknet_lines.say([version, *darknet_lines.program_lines()])


def clear_skipped_classes(net: Any) -> None:
    """hank-ai's: boxes of all classes are found again."""
    notice(HANK)
    opened(net).skipped.clear()


def add_skipped_class(net: Any, class_to_skip: int) -> None:
    """hank-ai's: no boxes of this class are found.

    In that darknet.py the call has no effect, as its library looks at the list elsewhere; here it
    does what it says.
    """
    notice(HANK)
    opened(net).skipped.add(whole(class_to_skip, "class_to_skip"))


def del_skipped_class(net: Any, class_to_include: int) -> None:
    """hank-ai's: boxes of this class are found again."""
    notice(HANK)
    opened(net).skipped.discard(whole(class_to_include, "class_to_include"))


def init_cpu() -> None:
    """AlexeyAB's: says which instructions the processor has, as the first image would."""
    tell_processor(present_dialect())
