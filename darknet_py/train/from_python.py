"""`darknet_py.train`: what `detector train` does, for programs and notebooks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from darknet_py.options.from_python import GivenTrainOptions, checked_words, with_keywords
from darknet_py.options.python_words import StrPath
from darknet_py.options.training import DetectorTrainOptions

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from darknet_py.interchange.given_data import DataSource
    from darknet_py.options.python_words import TrainWords
    from darknet_py.train.logs.callback_log import Callback
    from darknet_py.train.train_result import TrainResult


@with_keywords(DetectorTrainOptions)
def train(
    data: DataSource,
    cfg: StrPath,
    weights: StrPath | None = None,
    *,
    callback: Callback | None = None,
    **words: Unpack[TrainWords],
) -> TrainResult:
    """Train a detection network as `darknet-py detector train` does; the same files are written.

    data: a .data file, a folder, zip or data.yaml of another program, or a dict of the keys train,
    valid, names (a file or a list), backup. cfg: a file, or the name of a published network.
    weights: a file or a name to start from; None starts from random ones. callback: called after
    every update with a frozen record (`number`, `of`, `loss`, `average`, `rate`, `images`,
    `seconds`, `hours_left`, `measured`: the mAP in 0..1 where it was measured, ...); False or
    StopIteration ends the training after that update, any other exception too, and is raised when
    all is saved. In a group of processes (torchrun) only the first one calls it.

    Nothing is printed: what there is to say goes to the logger `darknet_py`. In the main thread
    Ctrl-C and SIGTERM end it after the update it is at, all saved; `stopped` of the result says so.
    Raises DarknetError: CfgError, WeightsError, DataError, OutputError, DownloadError, and for
    options that cannot be.
    """
    from darknet_py.train.watched_training import run_watched

    return run_watched(_options(data, cfg, weights, dict(words)), callback)


def _options(
    data: DataSource, cfg: StrPath, weights: StrPath | None, words: dict[str, object]
) -> GivenTrainOptions:
    from darknet_py.interchange.given_data import read_given_data
    from darknet_py.weights_registry.named_network import training_files

    choices = checked_words("train", DetectorTrainOptions, words)
    given = read_given_data(data)
    start, trained_from = training_files(cfg, weights)
    return GivenTrainOptions(
        data=given.path, cfg=start, weights=trained_from, quiet=True, given=given, **choices
    )
