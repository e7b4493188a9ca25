"""`yolo train` and `coco train`: a detector's training that keeps weights at its own times."""

from __future__ import annotations

from dataclasses import replace

import torch

from darknet_py.distributed.context import DistributedContext
from darknet_py.options.yolov1_words import YoloTrainOptions
from darknet_py.train.checkpoint import SavePolicy
from darknet_py.train.startup import ReadyTraining
from darknet_py.train.tasks.detection_task import open_detection

POLICY = SavePolicy(1000, 100, early=1000)
"""Weights numbered every 100 updates up to 1000, then every 1000; the last ones every 100."""


def open_yolo(
    options: YoloTrainOptions, distributed: DistributedContext, device: torch.device
) -> ReadyTraining:
    """A training on the images of the word's own list."""
    return replace(open_detection(options, distributed, device), save_policy=POLICY)
