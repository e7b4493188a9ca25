"""The functions of Darknet's own darknet.py, for scripts that say `import darknet`.

Those of pjreddie's darknet.py, of AlexeyAB's, today's and that before 2020-04, and of hank-ai's are
here together. Which one a script was written for is told by what it calls; `use_dialect`,
`dialect=` or the environment's DARKNET_PY_DIALECT settle what cannot be told. Numbers are those of
the fork.

`python -m darknet_py.compat script.py` runs a script with this module as `darknet`.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from ctypes import (
    POINTER,
    Structure,
    byref,
    c_char_p,
    c_double,
    c_float,
    c_int,
    c_void_p,
    cast,
    pointer,
)
from pathlib import Path as FilePath
from typing import Any

from darknet_py.cfg.datafile import read_data_file
from darknet_py.cfg.names import read_names
from darknet_py.compat.answers import (
    bbox2points,
    decode_detection,
    draw_boxes,
    non_max_suppression_fast,
    print_detections,
)
from darknet_py.compat.arguments import Path, path_text, required
from darknet_py.compat.box_lists import (
    do_nms_obj,
    do_nms_sort,
    free_batch_detections,
    free_detections,
    remove_negatives,
    remove_negatives_faster,
)
from darknet_py.compat.colors import class_colors
from darknet_py.compat.detecting import Found, Thresholds, boxes_found, by_score, step
from darknet_py.compat.dialects import BEFORE_2020_04, TODAY, notice, use_dialect
from darknet_py.compat.image_memory import (
    array_to_image,
    copy_image_from_bytes,
    free_image,
    image_for,
    letterbox_image,
    load_image,
    make_image,
    rgbgr_image,
)
from darknet_py.compat.library import (
    add_skipped_class,
    clear_skipped_classes,
    del_skipped_class,
    init_cpu,
    set_output_stream,
    set_verbose,
    show_version_info,
    version_short,
    version_string,
)
from darknet_py.compat.library_lines import print_lines
from darknet_py.compat.lists import c_array, sample
from darknet_py.compat.loading import (
    load_meta,
    load_net,
    load_net_custom,
    load_network,
    network_dimensions,
    network_height,
    network_width,
    reset_rnn,
    set_gpu,
)
from darknet_py.compat.network_boxes import (
    get_network_boxes,
    make_network_boxes,
    network_predict_batch,
    predict,
    predict_image,
    predict_image_letterbox,
)
from darknet_py.compat.open_network import free_network_ptr, opened
from darknet_py.compat.performed import SAMPLES, batch_answers, shown
from darknet_py.compat.structures import BOX, DETECTION, DETNUMPAIR, IMAGE, METADATA
from darknet_py.errors import DarknetError

network_predict = predict

netMain: Any = None
metaMain: Any = None
altNames: Any = None
"""What `performDetect` has loaded, for its next call. The names, where they are not None, are those
of `detect`, `detect_image` and `classify` with a METADATA."""


def classify(net: Any, meta: METADATA, im: IMAGE) -> list[tuple[Any, float]]:
    """(name, value) of each class of the .data file, the highest first.

    Raises DarknetError for a .data file with more classes than the network has outputs.
    """
    names, outputs = _names(meta), predict_image(net, im)
    if len(names) > len(outputs):
        counts = f"{len(names)} classes, the network has {len(outputs)} outputs"
        raise DarknetError(f"meta: the .data file has {counts}; give the one that fits")
    return sorted(zip(names, outputs, strict=False), key=lambda row: -row[1])


def detect(
    net: Any,
    meta: METADATA,
    image: Path,
    thresh: float = 0.5,
    hier_thresh: float = 0.5,
    nms: float = 0.45,
    debug: bool | None = None,
) -> list[Found]:
    """(name, score, (x, y, w, h)) of the boxes in an image file, the highest score first.

    Scores are in (0, 1], boxes in pixels, x and y the centre. A network of `load_net` is
    pjreddie's: the image is padded, boxes are suppressed whatever their classes. One of
    `load_net_custom`, or a call with `debug`, is AlexeyAB's: stretched, class by class.
    debug: print each step. Raises ImageError, TypeError, DarknetError.
    """
    network = opened(net)
    if debug is not None:
        network.settle(BEFORE_2020_04)
    im = image_for(image, network.graph.fork)
    step(debug, "Loaded image")
    return by_score(network, _names(meta), im, Thresholds(thresh, hier_thresh, nms), debug)


def detect_image(
    network: Any,
    class_names: Any,
    image: IMAGE,
    thresh: float = 0.5,
    hier_thresh: float = 0.5,
    nms: float | None = 0.45,
    debug: bool | None = None,
) -> list[Any]:
    """The boxes in an image, x and y the centre, in pixels of the image.

    class_names: a list of names gives today's answer, (name, "97.53", (x, y, w, h)), percent as a
    text, in ascending order of these texts; what `load_meta` returned gives that before 2020-04,
    (name, .9753, (x, y, w, h)), the highest first. nms: None or 0 suppresses nothing; boxes are
    compared by plain IoU, class by class, whatever nms_kind the cfg asks for. debug: print each
    step, before 2020-04. Raises TypeError, DarknetError.
    """
    net, limits = opened(network), Thresholds(thresh, hier_thresh, nms)
    if isinstance(class_names, METADATA):
        net.settle(BEFORE_2020_04)
        return by_score(net, _names(class_names), image, limits, debug)
    if isinstance(class_names, (str, bytes)) or not isinstance(class_names, Sequence):
        got = type(class_names).__name__
        raise TypeError(f"class_names: expected a list of names or load_meta's answer, got {got}")
    net.settle(TODAY)
    rows = boxes_found(net, class_names, image, limits)
    return sorted(decode_detection(rows), key=lambda row: row[1])


def performDetect(
    imagePath: str = "data/dog.jpg",
    thresh: float = 0.25,
    configPath: str = "./cfg/yolov4.cfg",
    weightPath: str = "yolov4.weights",
    metaPath: str = "./cfg/coco.data",
    showImage: bool = True,
    makeImageOnly: bool = False,
    initOnly: bool = False,
) -> Any:
    """The boxes in an image file, as of `detect`; files are read by the first call only.

    showImage: give {"detections", "image": RGB (H, W, 3) with boxes drawn, "caption"} and, unless
    makeImageOnly, show it in a window until a key is pressed; where there is no window, print why
    and give the boxes alone. initOnly: read the files and give None.

    Raises ValueError for a threshold out of range and for files that are not there.
    """
    global netMain, metaMain, altNames
    notice(BEFORE_2020_04)
    if not 0 < thresh < 1:
        raise ValueError(f"thresh: expected a number between 0 and 1, got {thresh}")
    for what, path in (("config", configPath), ("weight", weightPath), ("data file", metaPath)):
        _require_file(what, path)
    netMain = netMain or load_net_custom(configPath, weightPath, 0, 1)
    metaMain = metaMain or load_meta(os.fsencode(metaPath))
    altNames = altNames or _listed_names(metaPath)
    if initOnly:
        print_lines("Initialized detector")
        return None
    _require_file("image", imagePath)
    detections = detect(netMain, metaMain, imagePath, thresh)
    return shown(imagePath, detections, makeImageOnly) if showImage else detections


def performBatchDetect(
    thresh: float = 0.25,
    configPath: str = "./cfg/yolov4.cfg",
    weightPath: str = "yolov4.weights",
    metaPath: str = "./cfg/coco.data",
    hier_thresh: float = 0.5,
    nms: float = 0.45,
    batch_size: int = 3,
    *,
    images: Sequence[str] = SAMPLES,
) -> tuple[list[Any], list[Any], list[Any]]:
    """The boxes of images of one size, run at once: (boxes, scores, classes), a list an image each.

    A box is (top, left, bottom, right) in whole pixels, with its best class. images: as many as
    `batch_size`; each is written with its boxes to the working directory. Raises ImageError,
    ValueError for other sizes or numbers of images, OutputError.
    """
    network = load_net_custom(configPath, weightPath, 0, batch_size)
    classes = load_meta(os.fsencode(metaPath)).classes
    return batch_answers(network, classes, images, batch_size, (thresh, hier_thresh, nms))


def _names(meta: Any) -> Sequence[Any]:
    metadata: METADATA = required(meta, METADATA, "meta", "load_meta")
    return metadata.names if altNames is None else altNames


def _listed_names(path: str) -> list[str] | None:
    """The names that names= of a .data file lists, where it has such a line."""
    file = read_data_file(path).file("names")
    return None if file is None else [name.strip() for name in read_names(file)]


def _require_file(what: str, path: Any) -> None:
    file = FilePath(path_text(path, what))
    if not file.exists():
        raise ValueError(f"Invalid {what} path `{file.absolute()}`")


__all__ = [
    "BOX",
    "DETECTION",
    "DETNUMPAIR",
    "IMAGE",
    "METADATA",
    "POINTER",
    "Structure",
    "add_skipped_class",
    "altNames",
    "array_to_image",
    "bbox2points",
    "byref",
    "c_array",
    "c_char_p",
    "c_double",
    "c_float",
    "c_int",
    "c_void_p",
    "cast",
    "class_colors",
    "classify",
    "clear_skipped_classes",
    "copy_image_from_bytes",
    "decode_detection",
    "del_skipped_class",
    "detect",
    "detect_image",
    "do_nms_obj",
    "do_nms_sort",
    "draw_boxes",
    "free_batch_detections",
    "free_detections",
    "free_image",
    "free_network_ptr",
    "get_network_boxes",
    "init_cpu",
    "letterbox_image",
    "load_image",
    "load_meta",
    "load_net",
    "load_net_custom",
    "load_network",
    "make_image",
    "make_network_boxes",
    "metaMain",
    "netMain",
    "network_dimensions",
    "network_height",
    "network_predict",
    "network_predict_batch",
    "network_width",
    "non_max_suppression_fast",
    "performBatchDetect",
    "performDetect",
    "pointer",
    "predict",
    "predict_image",
    "predict_image_letterbox",
    "print_detections",
    "remove_negatives",
    "remove_negatives_faster",
    "reset_rnn",
    "rgbgr_image",
    "sample",
    "set_gpu",
    "set_output_stream",
    "set_verbose",
    "show_version_info",
    "use_dialect",
    "version_short",
    "version_string",
]
