"""The options of `rnn generate` and `rnn valid`."""

from __future__ import annotations

from dataclasses import dataclass

from darknet_py.options.common import DeviceOptions, ForkOptions
from darknet_py.options.flag import flag


@dataclass(frozen=True, kw_only=True)
class TextOptions(ForkOptions, DeviceOptions):
    """What the commands of recurrent nets can be told."""

    cfg: str
    weights: str
    seed: str = flag(
        "\n\n",
        "What the network reads first (default: two line ends).",
        metavar="TEXT",
        hidden=True,
    )


@dataclass(frozen=True, kw_only=True)
class GenerateOptions(TextOptions):
    """The options of `rnn generate`, with Darknet's defaults."""

    length: int = flag(1000, "Symbols to make.", "--len", least=0)
    temp: float = flag(0.7, "Temperature: below 1 the likely gets likelier.")
    srand: int | None = flag(
        None, "Makes the text repeatable (default: any).", least=0, metavar="N"
    )
    tokens: str | None = flag(None, "Words of a tokenized network, one a line.", metavar="FILE")


@dataclass(frozen=True, kw_only=True)
class PerplexityOptions(TextOptions):
    """The options of `rnn valid`."""

    file: str | None = flag(
        None, "The text (default: standard input, as in Darknet).", metavar="FILE"
    )
