"""The source that a demo was asked for."""

from __future__ import annotations

from darknet_py.images.capture import CaptureOptions
from darknet_py.images.frames import FrameSource
from darknet_py.images.sources import open_source
from darknet_py.options.demo import CameraOptions
from darknet_py.options.video import SourceOptions


def opened(options: CameraOptions) -> FrameSource:
    """The video, stream or pipe that is named, or the camera. Raises ImageError and DataError."""
    asked = options.c if options.source is None else options.source
    return open_source(asked, capture_options(options))


def capture_options(options: SourceOptions) -> CaptureOptions:
    """How it is taken in; the image behind an address is taken for a camera's."""
    return CaptureOptions(
        every_frame=options.every_frame,
        rotate=options.rotate,
        upright=options.auto_rotate,
        width=options.frame_width,
        height=options.frame_height,
        fps=options.fps,
        snapshots=True,
    )
