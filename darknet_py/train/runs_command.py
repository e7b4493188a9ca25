"""What `compare runs` does on the command line."""

from __future__ import annotations

from pathlib import Path

import click

from darknet_py.options.evaluation import CompareRunsOptions
from darknet_py.plots import require_image, require_matplotlib
from darknet_py.train.logs.page_logger import can_draw
from darknet_py.train.logs.run_comparison import comparison_table, draw_comparison, read_runs

PICTURE = "runs.png"


def run(options: CompareRunsOptions) -> None:
    """Print the table, and draw the picture; without matplotlib only where it is asked for by name
    is that an error."""
    path = Path(options.out or PICTURE)
    if options.out is not None:
        require_matplotlib("-o")
    require_image(path)
    runs = read_runs(options.runs)
    for line in comparison_table(runs):
        click.echo(line)
    if options.out is None and not can_draw():
        text = f"{path} is not drawn: matplotlib is not installed; pip install matplotlib"
        click.echo(text, err=True)
        return
    draw_comparison(path, runs)
    click.echo(f"curves: {path}", err=True)
