"""Writing files, the whole of it or nothing: every writer of the package goes through here."""

from darknet_py.files.digests import file_digest
from darknet_py.files.folders import PLACE_BY, copy_stream, make_folder, new_folder
from darknet_py.files.growing_file import GrowingFile, append
from darknet_py.files.locks import exclusive
from darknet_py.files.naming import is_device, require_writable
from darknet_py.files.replacing import (
    clear_abandoned,
    encoded,
    replacing,
    replacing_path,
    take_name,
)

__all__ = [
    "PLACE_BY",
    "GrowingFile",
    "append",
    "clear_abandoned",
    "copy_stream",
    "encoded",
    "exclusive",
    "file_digest",
    "is_device",
    "make_folder",
    "new_folder",
    "replacing",
    "replacing_path",
    "require_writable",
    "take_name",
]
