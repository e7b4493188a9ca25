"""What the two programs' `demo` prints frame by frame, in their words and digits."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from darknet_py.detect.result import Result
from darknet_py.video.frame_rate import FrameRate

CLEARED = "\033[H\033[J"
CLEARED_PLAINLY = "\033[2J\033[1;1H"
WRITTEN = "\n cvWriteFrame \n"
CLOSED = "Stream closed.\ninput video stream closed. \n"
WRITER_CLOSED = " closing... closed!output_video_writer closed. \n"
LINE_SHARE = 0.03
"""Height of a line of pjreddie's text, as a share of the frame's."""
JSON_SENT, MJPEG_SENT = " JSON-stream sent. \n", " MJPEG-stream sent. \n"


def source_line(source: str | None, camera: int) -> str:
    """Before the first frame is taken."""
    return f"Webcam index: {camera}\n" if source is None else f"video file: {source}\n"


def size_line(width: int, height: int) -> str:
    """With the first frame, of its size in pixels."""
    return f"Video stream: {width} x {height} \n"


@dataclass(frozen=True, kw_only=True)
class Sent:
    """Where frames go, as far as the C program says so with each."""

    json_port: bool = False
    mjpeg_port: bool = False
    post: bool = False
    video: bool = False


NOWHERE = Sent()


def before_objects(result: Result, sent: Sent) -> str:
    """What is said of the JSON of a frame, before its boxes."""
    posted = "".join(f"{_percent(result, row)} " for row in sorted(result.ranked()))
    return (JSON_SENT if sent.json_port else "") + (posted if sent.post else "")


def after_rates(sent: Sent) -> str:
    """What is said of its image, after all the rest."""
    return (MJPEG_SENT if sent.mjpeg_port else "") + (WRITTEN if sent.video else "")


def block(objects: str, rate: FrameRate) -> str:
    """AlexeyAB's lines of a frame. objects: the lines of its boxes."""
    rates = f"FPS:{rate.running:.1f} \t AVG_FPS:{rate.mean:.1f}"
    return f"{CLEARED}Objects:\n\n{objects}\n{rates}\n"


def plain_block(objects: str, rate: FrameRate) -> str:
    """pjreddie's."""
    return f"{CLEARED_PLAINLY}\nFPS:{rate.running:.1f}\nObjects:\n\n{objects}"


def box_lines(result: Result, extended: bool) -> str:
    """A line for each box with its classes in their order; `extended` adds pixels."""
    return "".join(_box_line(result, rows, extended) for rows in _rows_by_box(result))


def class_lines(result: Result) -> str:
    """A line for each class of each box."""
    rows = (row for rows in _rows_by_box(result) for row in rows)
    return "".join(f"{_percent(result, row)}\n" for row in rows)


def _rows_by_box(result: Result) -> Iterator[list[int]]:
    """The rows that are shown, box by box in their order."""
    shown: dict[int, list[int]] = {}
    for row in sorted(result.ranked()):
        shown.setdefault(int(result.boxes.box[row]), []).append(row)
    yield from shown.values()


def _percent(result: Result, row: int) -> str:
    name = result.name(int(result.boxes.class_id[row]))
    return f"{name}: {result.boxes.confidence[row] * 100:.0f}%"


def _box_line(result: Result, rows: list[int], extended: bool) -> str:
    words = [f"{_percent(result, row)} " for row in rows]
    if result.boxes.track_id is not None and (track := int(result.boxes.track_id[rows[0]])):
        words[0] += f"(track = {track}) "
    end = _pixels(result, rows[0]) if extended else ""
    return f"{', '.join(words)}{end}\n"


def _pixels(result: Result, row: int) -> str:
    """Left and top cut to whole pixels inside the frame, sides at most those of the frame."""
    x, y, w, h = (min(float(value), 1.0) for value in result.boxes.xywhn[row])
    width, height = result.boxes.width, result.boxes.height
    left, top = max(0, int((x - w / 2) * width)), max(0, int((y - h / 2) * height))
    sides = f"width: {w * width:4.0f}   height: {h * height:4.0f}"
    return f"\t(left_x: {left:4.0f}   top_y: {top:4.0f}   {sides})"


def class_block(classes: Sequence[str], network_rate: float) -> str:
    """AlexeyAB's lines of a frame of a classifier. classes: a line for each of the best."""
    hint = "(use -benchmark command line flag for correct measurement)"
    lines = "".join(f"{line}\n" for line in classes)
    return f"{CLEARED}\rFPS: {network_rate:.2f}  {hint}\n{lines}\n"


def rates_block(network_rate: float, rate: FrameRate) -> str:
    """All that its -benchmark prints of a frame."""
    return f"{CLEARED}\rFPS: {network_rate:.2f} \t AVG_FPS = {rate.mean:.2f} "


def plain_class_block(classes: Sequence[str], height: int, rate: FrameRate) -> str:
    """pjreddie's: with the row of pixels of each class in a frame of this height."""
    line = int(height * LINE_SHARE)
    rows = "".join(f"{(3 + 2 * number) * line}\n{words}\n" for number, words in enumerate(classes))
    return f"{CLEARED_PLAINLY}\nFPS:{rate.running:.0f}\n{rows}"
