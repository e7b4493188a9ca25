"""An update of a training, as the logs are told of it."""

from __future__ import annotations

from darknet_py.train.logs.progress_log import Update

UPDATE = Update(
    number=12,
    of=500,
    images=768,
    loss=3.25,
    average=4.5,
    rate=0.00025,
    seconds=1.5,
    waited=0.2,
    hours_left=0.203,
    speed=40.0,
    wait_share=0.1,
    size=(416, 416),
)
