"""Each frame as an image of its own: Darknet's `-prefix`."""

from __future__ import annotations

import os
from pathlib import Path

from darknet_py.files import require_writable
from darknet_py.images.draw import save_image
from darknet_py.images.io import PathName
from darknet_py.video.output import OutputFrame


class FrameImages:
    """Writes PREFIX_00000001.jpg and so on, by the numbers of the frames."""

    def __init__(self, prefix: PathName) -> None:
        """Raises OutputError when such files could not be written."""
        self.prefix = os.fspath(prefix)
        require_writable(self.path(1))

    def path(self, number: int) -> Path:
        """The file of the frame of that number."""
        return Path(f"{self.prefix}_{number:08d}.jpg")

    def write(self, frame: OutputFrame) -> None:
        save_image(self.path(frame.number), frame.image)

    def close(self) -> None:
        """Each file is whole as soon as it is there."""
