"""Commands of the three programs that are not here: what each was, and what to use."""

from __future__ import annotations

import os
from collections.abc import Sequence

CLASSIFY = "`classifier train` and `classifier predict` do that for any classes"
PAIRS = "it ranked images by pairs, on lists that were never published"
RUNS = "`compare A B` here says how two runs differ"
WEBCAM = "a camera demo for one network that was never published; `classifier predict` says what"
CAMERA = "it showed what a network says of a camera's images in a window, and wrote nothing"
DRAW = "it changed a picture until a detector liked it, on GPUs only; `nightmare` changes one too"
COMMENTED = "it is commented out in the C program; `detector test -out FILE` writes all boxes"
DEAD = {
    "lsd": "experiments with generative networks on folders of their author's; no cfg of them was "
    "published; `train` and `classifier train` are what trains here",
    "art": f"a camera demo that guessed painters; its network was never published; {CLASSIFY}",
    "tag": f"a classifier with several tags an image; its data were never published; {CLASSIFY}",
    "super": "an unfinished training of super-resolution, whose cfg was never published; "
    "`segmenter` trains networks whose output is an image",
    "voxel": "an unfinished training of super-resolution of volumes, whose cfg was never "
    "published; `segmenter` trains networks whose output is an image",
    "dice": f"a reader of dice; its images were never published; {CLASSIFY}",
    "writing": "it marked handwriting in figures; its images were never published; `segmenter` "
    "learns to mark pixels",
    "captcha": f"a reader of captchas; its images were never published; {CLASSIFY}",
    "vid": "it trained recurrent networks on the features of videos, with a cfg that was never "
    "published; `rnn train` trains them on texts",
    "3d": "it laid two photographs over each other for red and cyan glasses, without a network; an "
    "image editor does that",
    "mkimg": "it scattered the kernels of the first layer over pictures; `visualize CFG WEIGHTS` "
    "draws them",
    "attention": f"two classifiers in a row, whose cfgs were never published; {CLASSIFY}",
    "swag": "an early training of detectors on VOC; `train DATA CFG` trains them",
    "draw": f"a command of detector: {DRAW}",
    "imagenet": "the old name of classifier; use `classifier predict` (or train, valid) with DATA "
    "CFG WEIGHTS",
    "detector draw": DRAW,
    "detector extract": COMMENTED,
    "detector censor": COMMENTED,
    "classifier try": "it printed the outputs of one layer; Network.trace gives them in Python",
    "classifier gun": f"{WEBCAM} an image shows",
    "classifier threat": f"{WEBCAM} an image shows",
    "classifier fout": "it printed all scores of the images of a list; `classifier test` does, of "
    "test= of DATA",
    "segmenter demo": f"{CAMERA}; `segmenter test` paints images",
    "isegmenter demo": f"{CAMERA}; `isegmenter test` paints images",
    "regressor demo": f"{CAMERA}; `regressor test` prints the numbers of images",
    "compare train": f"{PAIRS}; {RUNS}",
    "compare valid": f"{PAIRS}; {RUNS}",
    "compare sort": f"{PAIRS}; {RUNS}",
    "compare battle": f"{PAIRS}; {RUNS}",
}
"""Words -> what they were and what to use."""


def dead_words(words: str, rest: Sequence[str]) -> str | None:
    """What is said of words that are no command here, alone or with the one behind them."""
    for dead in (words, f"{words} {rest[0]}" if rest and not os.path.exists(rest[0]) else words):
        if dead in DEAD:
            return f"'{dead}' is no command any more: {DEAD[dead]}"
    return None
