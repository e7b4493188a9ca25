"""Which device a command runs on."""

from __future__ import annotations

import click


def chosen_device(device: str | None, gpu: int | None, nogpu: bool) -> str:
    """--device as it is; else -i, else the first CUDA device, else the CPU."""
    import torch

    if nogpu or device is not None:
        return device or "cpu"
    if torch.cuda.is_available():
        return f"cuda:{gpu or 0}"
    if gpu:
        click.echo(f"-i {gpu}: this torch sees no CUDA, running on the CPU", err=True)
    return "cpu"
