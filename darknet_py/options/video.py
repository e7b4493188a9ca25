"""The options of commands that run on moving images."""

from __future__ import annotations

from dataclasses import dataclass

from darknet_py.options.flag import MOST_SIDE, flag

ROTATE = ("90_CLOCKWISE", "180", "90_COUNTERCLOCKWISE")
MOST_PORT = 65_535


@dataclass(frozen=True, kw_only=True)
class SourceOptions:
    """How videos, cameras, streams and pipes are taken in; see images.capture."""

    every_frame: bool = flag(
        False, "Take every frame of a camera or stream, late or not, instead of the newest."
    )
    rotate: str | None = flag(None, "Turn frames, as OpenCV's ROTATE_ does.", choices=ROTATE)
    auto_rotate: bool = flag(
        True, "Hold videos as they say they are to be held.", "--auto-rotate/--no-auto-rotate"
    )
    w: int | None = flag(
        None, "Width asked of a camera, or of a pipe of raw frames.", "-w", least=1, most=MOST_SIDE
    )
    h: int | None = flag(
        None, "Height asked of a camera, or of a pipe of raw frames.", "-h", least=1, most=MOST_SIDE
    )
    fps: float | None = flag(
        None, "Frames a second asked of a camera, or of a pipe.", least=0, above=True, most=1000
    )


@dataclass(frozen=True, kw_only=True)
class OutputOptions:
    """Where the frames of moving images and their boxes go."""

    out_filename: str | None = flag(None, "Write a video with the boxes.", metavar="FILE")
    json_file_output: str | None = flag(
        None, "Write the boxes of each frame as JSON.", metavar="FILE"
    )
    json_lines: str | None = flag(
        None, "Write the boxes of each frame as a line of JSON.", metavar="FILE"
    )
    prefix: str | None = flag(None, "Write each frame to NAME_00000001.jpg.", metavar="NAME")
    mjpeg_port: int | None = flag(
        None, "Serve the frames as MJPEG.", least=0, most=MOST_PORT, metavar="PORT"
    )
    json_port: int | None = flag(
        None, "Serve the boxes as JSON.", least=0, most=MOST_PORT, metavar="PORT"
    )
    host: str = flag("0.0.0.0", "Address that ports are served on (127.0.0.1: this machine only).")
    http_post_host: str | None = flag(None, "Post what is found to HOST/PATH.", metavar="HOST/PATH")
    dont_show: bool = flag(False, "Open no window, even where there is a display.")
    dontdraw_bbox: bool = flag(False, "Draw and print no boxes.")
    time_limit_sec: float | None = flag(
        None, "End after so many seconds.", least=0, metavar="SECONDS"
    )


@dataclass(frozen=True, kw_only=True)
class TrackOptions:
    """Numbers that objects keep."""

    track: bool = flag(False, "Give objects numbers that stay (extra [track]).")
