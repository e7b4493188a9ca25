"""The metric loggers that the options of a training ask for."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

from darknet_py.options.training import TrainOptions
from darknet_py.train.logs.attention_pictures import AttentionPictures
from darknet_py.train.logs.experiment_loggers import RunFacts, experiment_logger
from darknet_py.train.logs.head_metrics import head_columns
from darknet_py.train.logs.loss_chart import read_chart
from darknet_py.train.logs.metric_loggers import CsvLogger, MetricLogger
from darknet_py.train.logs.page_logger import PageLogger, can_draw, page_path
from darknet_py.train.logs.results_table import columns
from darknet_py.train.logs.run_curves import RunCurves
from darknet_py.train.startup import ReadyTraining


def open_loggers(
    options: TrainOptions, ready: ReadyTraining, upto: int, note: Callable[[str], None]
) -> tuple[MetricLogger, ...]:
    """upto: the last update of which an earlier run has written the row. note: told of a picture
    that there will not be.

    Raises OutputError when results.csv cannot be written, DarknetError for a program of experiments
    that is not installed or cannot start.
    """
    table = _table(options, ready)
    table.open(upto)
    shown: list[MetricLogger] = [*_pages(table, ready, upto, note), *_attention(table, ready)]
    return (table, *shown, *_experiments(options, ready))


def _table(options: TrainOptions, ready: ReadyTraining) -> CsvLogger:
    trainer, files = ready.start.trainer, ready.start.files
    net = trainer.network.graph.net
    return CsvLogger(
        files.results(options.results),
        files.charts(options.chart),
        net.max_batches,
        net.max_chart_loss,
        ready.task.units,
        ready.metric.name if ready.metric else "mAP",
        head_columns(trainer.network.graph, trainer.owners),
        read_chart(options.chart) if options.chart else None,
    )


def _pages(
    table: CsvLogger, ready: ReadyTraining, upto: int, note: Callable[[str], None]
) -> Iterator[PageLogger]:
    """results.png, where it can be drawn; with the curves of the run that this one goes on from."""
    path = page_path(table.path, table.charts)
    if path is None:
        return
    if not can_draw():
        note(f"{path.name} is not drawn: matplotlib is not installed; pip install matplotlib")
        return
    names = columns(table.units, table.metric, table.heads)
    curves = RunCurves.read(table.path) if upto else RunCurves(names)
    yield PageLogger(path, ready.start.files.base, curves)


def _attention(table: CsvLogger, ready: ReadyTraining) -> Iterator[AttentionPictures]:
    """Of attention=1, beside Darknet's chart."""
    trainer = ready.start.trainer
    if trainer.network.graph.net.attention:
        yield AttentionPictures(table.charts[0].parent, lambda: trainer.adversarial_view)


def _experiments(options: TrainOptions, ready: ReadyTraining) -> Iterator[MetricLogger]:
    """In TensorBoard's case --tensorboard asks as well, and says where."""
    asked = ["tensorboard"] if options.tensorboard else []
    files = ready.start.files
    folder = Path(options.tensorboard) if options.tensorboard else files.folder / "tensorboard"
    facts = RunFacts(files.base, folder, _told(options, ready))
    for name in dict.fromkeys([*asked, *filter(None, [options.logger])]):
        yield experiment_logger(name, facts)


def _told(options: TrainOptions, ready: ReadyTraining) -> dict[str, str | int | float]:
    """What programs of experiments are told of a run."""
    trainer = ready.start.trainer
    net = trainer.network.graph.net
    return {
        "cfg": options.cfg,
        "data": options.data,
        "weights": options.weights or "",
        "fork": trainer.network.graph.fork.name,
        "width": net.width,
        "height": net.height,
        "batch": net.batch,
        "subdivisions": net.subdivisions,
        "max_batches": net.max_batches,
        "learning_rate": net.learning_rate,
        "precision": trainer.precision,
        "seed": trainer.seed,
        "processes": trainer.distributed.world,
    }
