"""What a detector returns: the boxes of an image, in every form they are wanted in."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from darknet_py.detect.result_data import ResultData
from darknet_py.detect.result_text import json_text, result_lines
from darknet_py.detect.wanted_classes import Classes
from darknet_py.images.io import Pixels


@dataclass(frozen=True, eq=False, repr=False)
class Result(ResultData):
    """The objects of one image.

    path: where it came from ("" for an array). image: BGR uint8 (H, W, 3). names: class names.
    milliseconds: forward time of this image. frame: its number in its source, from 0. time: seconds
    from the start of the video, camera or stream it is a frame of; None for a still image.

    Iteration, `result[0]` and `len(result)` go over the rows of `boxes`, one per box and class
    above the threshold, each as a DetectedBox. `str(result)` is a line about it and one for each
    box. Names known from ultralytics, for arrays of numpy:

        result.orig_img    image              boxes.conf  confidence
        result.orig_shape  (height, width)    boxes.cls   class_id, as integers
        result.names       by class number    boxes.id    track_id
        result.path        ""  for an array   boxes.data  x1, y1, x2, y2, (id), conf, cls
        boxes.xyxy, .xyxyn, .xywh, .xywhn     as there, but not cut at the edges of the image
        summary, save_txt, show               plot(conf, line_width, labels, boxes, color_mode)
    """

    def __str__(self) -> str:
        return result_lines(self)

    def __repr__(self) -> str:
        where = f"{self.path!r}, frame={self.frame}"
        return f"Result({where}, {self.boxes.width}x{self.boxes.height}, {len(self)} rows)"

    @property
    def orig_img(self) -> Pixels:
        """The image."""
        return self.image

    @property
    def orig_shape(self) -> tuple[int, int]:
        """Height and width of the image in pixels."""
        return self.boxes.height, self.boxes.width

    def select(self, rows: Any) -> Result:
        """The same image with the rows of a mask, a slice or an index, in its order."""
        return replace(self, boxes=self.boxes[rows])

    def plot(
        self,
        *,
        labels: bool = True,
        conf: bool = True,
        ids: bool = True,
        boxes: bool = True,
        classes: Classes | None = None,
        line_width: int | None = None,
        font_scale: float | None = None,
        color_mode: str = "class",
    ) -> Pixels:
        """A copy of the image with labelled boxes, BGR uint8 (H, W, 3).

        Classes whose name starts with dont_show are left out.

        labels: write names at the boxes. conf, ids: the confidence and the track's number in them.
        boxes: draw the boxes themselves. classes: numbers or names of those to draw; None for all.
        line_width: in pixels, 1 to 1000; font_scale: above 0 to 100, as cv2.putText takes it; None
        grows with the image. color_mode: "class" as Darknet, or "instance": each object has its
        own, which it keeps while it is tracked. Raises DarknetError for other values.
        """
        from darknet_py.detect.result_plot import PlotOptions, plotted_image
        from darknet_py.images.draw import DrawStyle

        style = DrawStyle(line_width=line_width, font_scale=font_scale, boxes=boxes)
        options = PlotOptions(
            labels=labels, conf=conf, ids=ids, classes=classes, color_mode=color_mode, style=style
        )
        return plotted_image(self, options)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the labelled image; raises OutputError when that is not possible."""
        from darknet_py.images.draw import save_image

        save_image(path, self.plot())

    def show(self) -> None:
        """The labelled image in a window, until a key is pressed or it is closed.

        Raises DarknetError where there is no display.
        """
        from darknet_py.images.display import show_until_closed

        show_until_closed(self.plot(), self.path or "image")

    def crops(self) -> list[Pixels]:
        """The part of the image under each row of `boxes`, BGR uint8 (h, w, 3), in whole pixels
        and cut at the edges: views of `image`, of no pixels where a box lies outside."""
        from darknet_py.detect.result_files import cut_out

        return cut_out(self)

    def save_crops(self, folder: str | os.PathLike[str]) -> list[Path]:
        """Write each box to FOLDER/CLASS/NAME.jpg, and return the paths.

        NAME: of the image's file; of frames and arrays with the frame's number. A file that is
        there already stays: then NAME_2.jpg, NAME_3.jpg, ... A box is written once, for its most
        confident class. Raises OutputError.
        """
        from darknet_py.detect.result_files import save_crops

        return save_crops(self, Path(folder))

    def save_txt(self, path: str | os.PathLike[str], save_conf: bool = False) -> None:
        """Write a YOLO label file, which takes the place of an older one.

        A line is the class's number, centre x, y, width, height relative to the image, with
        `save_conf` the confidence, and the track's number where objects are tracked; of each box
        the most confident class. Raises OutputError.
        """
        from darknet_py.detect.result_files import write_text_labels

        write_text_labels(self, Path(path), save_conf)

    def to_json(self, frame: int = 1, named: bool = True) -> str:
        """The objects in the layout of AlexeyAB's `-out` file, as JSON text.

        frame: the entry's number. named: with the path, if there is one. Strings are escaped, which
        the C program forgets.
        """
        return json_text(self, frame, named)

    def to_dict(self) -> dict[str, Any]:
        """The same as `to_json`, parsed."""
        parsed: dict[str, Any] = json.loads(self.to_json())
        return parsed

    def summary(self, normalize: bool = False, decimals: int = 5) -> list[dict[str, Any]]:
        """A dict for each row of `boxes`: name, class, confidence, box with x1, y1, x2, y2 in
        pixels (normalize: relative to the image), and track_id where objects are tracked.

        decimals: places that numbers are rounded to.
        """
        from darknet_py.detect.result_tables import box_summaries

        return box_summaries(self, normalize, decimals)

    def to_df(self) -> Any:
        """A pandas.DataFrame with a line for each row of `boxes`.

        Columns: path, frame, time (seconds, NaN for a still image), name, class_id, confidence,
        x1, y1, x2, y2 in pixels, and track_id where objects are tracked. Raises DarknetError when
        pandas is not installed.
        """
        from darknet_py.detect.result_tables import data_frame

        return data_frame(self)

    def to_supervision(self) -> Any:
        """A supervision.Detections, with tracker_id where objects are tracked (-1: none yet);
        raises DarknetError when that package is not installed."""
        from darknet_py.detect.result_tables import supervision_detections

        return supervision_detections(self)
