"""Whichever of the installed engines is the fastest for a network on this machine, by measurement.

What was measured is kept in the cache folder: for other weights, another size of the input or of
the batch, other threads, another machine or another version of a package it is measured again.
"""

from __future__ import annotations

import json
import logging
import threading
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path

import torch

from darknet_py.engines.cache import kept, key_of, network_digest
from darknet_py.engines.candidates import candidates, facts, own_config
from darknet_py.engines.comparison import TOLERANCES, noise
from darknet_py.engines.devices import checked_device, possible_precision, using_threads
from darknet_py.engines.engine import Engine, engine_kind
from darknet_py.engines.race import Race, RaceResult, listed, reason_of
from darknet_py.engines.table import EngineConfig
from darknet_py.errors import OutputError
from darknet_py.network.network import Network

logger = logging.getLogger(__name__)
MOST_IMAGES = 4
"""Larger batches run on what was the fastest for so many images: measuring them would take long."""


@dataclass(frozen=True)
class Choice:
    """result: of the measurement. note: whether it is new and is kept. path: where it was found,
    None for a new one."""

    result: RaceResult
    note: str
    path: Path | None = None

    def words(self, batch: int) -> str:
        """Engines and milliseconds, the fastest first, and who did not take part."""
        times = sorted(self.result.seconds.items(), key=lambda item: item[1])
        parts = [", ".join(f"{name} {1000 * seconds:.1f} ms" for name, seconds in times)]
        if left_out := self.result.left_out:
            parts.append(f"{len(left_out)} left out: {listed(left_out)}")
        parts.append(self.note)
        of = f", batch {batch}" if batch > 1 else ""
        return f"engine auto{of}: {'; '.join(parts)}"


class AutoEngine(Engine):
    """Chooses for single images when it is opened, for more at once when they first come.

    parallel and layout are those of the engine for single images. A copy in another process
    chooses for its own machine.
    """

    def __init__(self, network: Network, config: EngineConfig) -> None:
        """Raises DarknetError where engine torch cannot run the network."""
        device = checked_device(config.device)
        precision = possible_precision(config.precision, device)
        super().__init__(network, replace(config, precision=precision), device)
        self._threads = config.threads or torch.get_num_threads()
        self._digest = network_digest(network)
        self._engines: dict[str, Engine] = {}
        self._chosen: dict[int, Engine] = {}
        self._choosing = threading.Lock()
        single = self.engine(self.graph.net.time_steps)
        self.parallel, self.layout = single.parallel, single.layout

    def __call__(self, x: torch.Tensor) -> list[torch.Tensor]:
        engine = self.engine(len(x))
        heads = engine(x)
        self.compiled = engine.compiled
        return heads

    def prepare(self, batch: int) -> None:
        self.engine(batch).prepare(batch)

    def engine(self, count: int) -> Engine:
        """The one that so many images run on; measured now if nothing is known of as many."""
        with self._choosing:
            size = min((size for size in self._chosen if size >= count), default=None)
            if size is None:
                size = min(count, self._most())
                if size not in self._chosen:
                    self._chosen[size] = self._choose(size)
            return self._chosen[size]

    def _most(self) -> int:
        steps = self.graph.net.time_steps
        return max(steps, MOST_IMAGES - MOST_IMAGES % steps)

    def _choose(self, batch: int) -> Engine:
        while True:
            choice = self._choice(batch)
            name = choice.result.fastest
            try:
                engine = self._engines.get(name) or self._open(own_config(name, self.config))
            except Exception as failure:  # noqa: BLE001 - other people's packages raise anything
                if not choice.path:
                    raise
                reason = reason_of(failure)
                logger.warning("engine auto: %s does not open now: %s; measuring", name, reason)
                choice.path.unlink(missing_ok=True)
                continue
            logger.info(choice.words(batch))
            self._engines[name] = engine
            return engine

    def _choice(self, batch: int) -> Choice:
        """For so many images, measured now or found."""
        key = key_of(self._digest, [*facts(self.config), self._threads, batch])
        made: list[RaceResult] = []

        def write(path: Path) -> None:
            made.append(self._measured(batch))
            path.write_text(json.dumps(asdict(made[0])))

        try:
            path = kept(key, ".json", write)
        except OutputError as failure:
            return Choice(made[0] if made else self._measured(batch), f"not kept: {failure}")
        if made:
            return Choice(made[0], "kept")
        return Choice(RaceResult(**json.loads(path.read_text())), "measured before", path)

    def _measured(self, batch: int) -> RaceResult:
        able, broken = candidates(self.config)
        logger.info("engine auto: measuring %s, once ...", ", ".join(able))
        race = Race(noise(self.graph, batch), TOLERANCES[self.config.precision])
        with using_threads(self._threads):
            result = race.run({name: partial(self._open, own) for name, own in able.items()})
        self._engines.setdefault(result.fastest, race.engine(result.fastest))
        return replace(result, left_out={**broken, **result.left_out})

    def _open(self, config: EngineConfig) -> Engine:
        engine: Engine = engine_kind(config)(self.network.for_inference(shared=True), config)
        return engine
