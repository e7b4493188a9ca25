"""A video of drawn shapes that move, written to a file."""

from __future__ import annotations

from darknet_py.detect.result import Result
from darknet_py.detect.result_boxes import Boxes
from darknet_py.options.datasets import ShapesVideoOptions
from darknet_py.progress import follow
from darknet_py.synthetic.moving_shapes import moving_frames
from darknet_py.synthetic.shapes import NAMES
from darknet_py.video.output import OutputFrame, bare
from darknet_py.video.video_writer import VideoFile


def write_shapes_video(options: ShapesVideoOptions) -> None:
    """Raises OutputError for what cannot be written."""
    video = VideoFile(options.out, options.fps)
    size = options.width, options.height
    nothing = Boxes.none(*size)
    drawn = moving_frames(options.seed, options.frames, *size, options.fps)
    try:
        for number, image in enumerate(follow(drawn, options.frames, "drawing")):
            result = Result(options.out, image, nothing, NAMES, frame=number)
            video.write(OutputFrame(number + 1, result, bare))
    finally:
        video.close()
