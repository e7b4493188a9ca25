"""Cameras and streams: how each is opened, and which addresses are streams."""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping
from functools import partial

import cv2

from darknet_py.errors import DataError, ImageError
from darknet_py.images.capture import CaptureOptions
from darknet_py.images.frames import FrameSource
from darknet_py.images.live_frames import LiveReading
from darknet_py.images.moving_names import shown
from darknet_py.images.opencv_capture import Capture, Opener, opened, told_fps, told_size
from darknet_py.images.video_files import video_source
from darknet_py.images.web_addresses import (
    SCHEMES,
    address_parts,
    is_image_address,
    is_video_address,
)
from darknet_py.images.web_images import web_image_source

logger = logging.getLogger(__name__)

STREAM_SCHEMES = frozenset(
    {"mms", "mmsh", "rtmp", "rtmps", "rtmpt", "rtp", "rtsp", "rtsps", "srt", "tcp", "udp"}
)
OPEN_SECONDS, READ_SECONDS = 10.0, 4.0
"""After which an address that does not answer, and a stream that sends nothing, is given up."""
AHEAD_BYTES, LEAST_AHEAD, MOST_AHEAD = 256 << 20, 8, 256
"""Frames that wait where every one counts: as many as fit, within these limits."""


def address_source(address: str, options: CaptureOptions) -> FrameSource:
    """The newest frames of a stream, all those of a video in the web, which has an end, or the one
    of an image there; with options.snapshots the image is asked for again and again.

    Raises DataError for an address that is of no such kind, ImageError if it does not open.
    """
    scheme = address_parts(address).scheme.lower()
    if scheme not in STREAM_SCHEMES | SCHEMES:
        known = ", ".join(sorted(STREAM_SCHEMES | SCHEMES))
        raise DataError(f"{shown(address)}: streams come by {known}; write a file as a path")
    if not options.snapshots and is_image_address(address):
        return web_image_source(address)
    opener = partial(_opened_address, address)
    if scheme in SCHEMES and is_video_address(address):
        return video_source(opener(), shown(address), options)
    if options.asked:
        logger.warning("%s: %s: only a camera can be asked that", shown(address), options.asked)
    return live_source(shown(address), opener, options)


def camera_source(number: int | str, options: CaptureOptions) -> FrameSource:
    """The newest frames of a camera of this machine, from 0. Raises ImageError if it does not
    open."""
    return live_source(
        f"camera {int(number)}", partial(_opened_camera, int(number), options), options
    )


def live_source(name: str, opener: Opener, options: CaptureOptions) -> FrameSource:
    """The frames of what `opener` opens, now and whenever it has stopped; there is no end of them.

    With every_frame they wait in a queue for whoever takes them, and when it is full the source has
    to wait: a sender over TCP does, a camera leaves frames out. Raises what the opener raises.
    """
    capture = opener()
    width, height = told_size(capture)
    depth = AHEAD_BYTES // max(1, 3 * width * height)
    depth = max(LEAST_AHEAD, min(MOST_AHEAD, depth))
    reading = LiveReading(name, capture, opener, depth if options.every_frame else None)
    return FrameSource(
        reading.frames(),
        live=not options.every_frame,
        endless=True,
        fps=told_fps(capture),
        stats=reading.stats,
        stop=reading.stop,
    )


def _opened_address(address: str) -> Capture:
    limits = {
        cv2.CAP_PROP_OPEN_TIMEOUT_MSEC: OPEN_SECONDS * 1000,
        cv2.CAP_PROP_READ_TIMEOUT_MSEC: READ_SECONDS * 1000,
    }
    start = time.monotonic()
    capture = opened(address, [cv2.CAP_FFMPEG], limits)
    if capture is None:
        waited = time.monotonic() - start
        late = f" (no answer in {waited:.1f} s)" if waited > OPEN_SECONDS / 2 else ""
        raise ImageError(
            f"{shown(address)}: cannot be opened{late}; check the address, name and password, and "
            "that this machine reaches it"
        )
    return capture


def _opened_camera(number: int, options: CaptureOptions) -> Capture:
    # -1 would be any camera to OpenCV, and 100 the first of another reader.
    backends = [cv2.CAP_ANY] if 0 <= number < 100 else []
    capture = opened(number, backends)
    if capture is None:
        raise ImageError(
            f"camera {number} cannot be opened; check that it is plugged in, that you may use it, "
            "and that no other program does"
        )
    _ask(capture, number, options)
    return capture


ASKED: Mapping[str, int] = {
    "width": cv2.CAP_PROP_FRAME_WIDTH,
    "height": cv2.CAP_PROP_FRAME_HEIGHT,
    "fps": cv2.CAP_PROP_FPS,
}


def _ask(capture: cv2.VideoCapture, number: int, options: CaptureOptions) -> None:
    """Tells a camera what is wanted of it; what it gives instead is said."""
    wanted = {name: getattr(options, name) for name in ASKED}
    wanted = {name: value for name, value in wanted.items() if value is not None}
    for name, value in wanted.items():
        capture.set(ASKED[name], value)
    given = {name: capture.get(ASKED[name]) for name in wanted}
    other = [f"{name} {given[name]:g}" for name in wanted if round(given[name] - wanted[name], 2)]
    if other:
        logger.warning("camera %d gives %s, asked for %s", number, ", ".join(other), options.asked)
