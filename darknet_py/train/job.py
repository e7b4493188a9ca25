"""What a training is asked for."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Job:
    """The options of the training commands.

    kind: what is trained, one of `session.KINDS`. data: the .data file, or the text of a recurrent
    net. evaluates: -map or -topk. tokenized, backup: of recurrent nets, which have no .data file.
    """

    data: str
    cfg: str
    weights: str | None = None
    kind: str = "detector"
    fork: str = "alexeyab"
    clear: bool = False
    resume: bool = False
    evaluates: bool = False
    epochs: int = 4
    thresh: float = 0.25
    iou_thresh: float = 0.5
    seed: int = 0
    device: str | None = None
    gpu: int | None = None
    nogpu: bool = False
    precision: str = "fp32"
    compiled: bool = False
    synced: bool = False
    workers: int | None = None
    cache: bool = False
    show_imgs: bool = False
    max_batches: int | None = None
    log_style: str = "auto"
    chart: str = "chart.png"
    results: str = "results.csv"
    tensorboard: str | None = None
    iterations: int = 0
    tokenized: bool = False
    backup: str = "backup"
