"""The options of commands that run on moving images."""

from __future__ import annotations

from dataclasses import dataclass

from darknet_py.options.flag import MOST_SIDE, flag

ROTATE = ("90_CLOCKWISE", "180", "90_COUNTERCLOCKWISE")
MOST_PORT = 65_535
ASKED = "asked of a camera, or of a pipe of raw frames."


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
    frame_width: int | None = flag(
        None, f"Width {ASKED}", "-w", "--frame-width", least=1, most=MOST_SIDE
    )
    frame_height: int | None = flag(
        None, f"Height {ASKED} Also -h.", "--frame-height", least=1, most=MOST_SIDE
    )
    fps: float | None = flag(None, f"Frames a second {ASKED}", least=0, above=True, most=1000)


@dataclass(frozen=True, kw_only=True)
class FrameOutputOptions:
    """Where the frames of moving images go, with what is drawn, and for how long."""

    out_filename: str | None = flag(None, "Write a video.", "--out_filename", metavar="FILE")
    frames: str | None = flag(None, "Write frames to NAME_00000001.jpg, ...", metavar="NAME")
    mjpeg_port: int | None = flag(
        None, "Serve the frames as MJPEG.", least=0, most=MOST_PORT, metavar="PORT"
    )
    time_limit_sec: float | None = flag(
        None, "End after so many seconds.", least=0, metavar="SECONDS"
    )
    host: str = flag("0.0.0.0", "Address of the ports; 127.0.0.1: only for this machine.")


@dataclass(frozen=True, kw_only=True)
class OutputOptions(FrameOutputOptions):
    """Where they and their boxes go."""

    json_file_output: str | None = flag(None, "Write the boxes of all frames.", metavar="FILE")
    json_lines: str | None = flag(
        None, "Write a line of JSON for each frame (-: to stdout).", "--json-lines", metavar="FILE"
    )
    json_port: int | None = flag(
        None, "Serve the boxes as JSON.", least=0, most=MOST_PORT, metavar="PORT"
    )
    http_post_host: str | None = flag(
        None, "Post what is found, as text.", metavar="HOST[:PORT]/PATH"
    )

    @property
    def stdout_is_json(self) -> bool:
        """Whether lines of JSON have the standard output for themselves."""
        return self.json_lines == "-"


@dataclass(frozen=True, kw_only=True)
class TrackOptions:
    """Numbers that objects keep."""

    track: bool = flag(False, "Give objects numbers that stay (extra [track]).")


@dataclass(frozen=True, kw_only=True)
class TileOptions:
    """Large images in parts, for small objects; see detect.tiles."""

    tile: str | None = flag(
        None,
        "Run the network on parts of each image too: columns x rows, or auto.",
        metavar="2x2|auto",
    )
    overlap: float = flag(0.2, "Of neighbouring parts, as a share of one.", least=0, most=0.9)


@dataclass(frozen=True, kw_only=True)
class FollowOptions(TrackOptions, TileOptions):
    """What the frames of a moving image are looked at for, beside their boxes."""
