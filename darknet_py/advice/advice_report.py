"""What `advise` has to say, as data and as JSON."""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass, field

from darknet_py.advice.anchor_advice import AnchorFit
from darknet_py.advice.device_memory import MemoryFit


@dataclass(frozen=True)
class ClassFacts:
    """How many labels a class has, and how many images have at least one of them."""

    name: str
    labels: int
    images: int


@dataclass(frozen=True)
class DataFacts:
    """What a data set holds.

    empty: images without a usable label. unreadable, refused: images, and labels, that are left
    out. beyond: labels of a class that classes= does not know. typical, smallest, largest: sizes of
    images (width, height) by their areas. per_class: in the order of the classes.
    """

    path: str
    images: int
    labels: int
    classes: int
    empty: int
    unreadable: int
    refused: int
    beyond: int
    typical: tuple[int, int]
    smallest: tuple[int, int]
    largest: tuple[int, int]
    per_class: tuple[ClassFacts, ...]


@dataclass(frozen=True)
class HeadFacts:
    """A head. under_cell: the share of the objects that are smaller than one of its cells both
    ways. line: of its section."""

    layer: int
    line: int
    kind: str
    stride: float
    under_cell: float


@dataclass(frozen=True)
class ObjectFacts:
    """The objects at an input of width x height.

    sides: the 5th, 50th and 95th percentile of the square root of their area, in pixels of the
    input. under_16: the share that is smaller than 16 x 16 pixels there.
    """

    width: int
    height: int
    sides: tuple[float, float, float]
    under_16: float
    heads: tuple[HeadFacts, ...]


@dataclass(frozen=True)
class BaseFacts:
    """A shipped cfg that could be started from, with its input for this data set. memory: of a
    training step. chosen: the one that is recommended."""

    name: str
    width: int
    height: int
    bflops: float
    finest_stride: float
    under_cell: float
    memory: MemoryFit
    chosen: bool = False


@dataclass(frozen=True)
class AdvisedChange:
    """A line of the cfg that should change; old: None for one that has to be added behind it."""

    line: int
    section: str
    key: str
    old: str | None
    new: str
    reason: str


@dataclass(frozen=True)
class Advice:
    """All that is said of a data set and a cfg. cfg: its path; base: what `new-cfg --base` takes.

    objects: at the cfg's own input; advised_objects: at the one that is recommended. own_anchors,
    new_anchors: at the recommended one; None where there are too few different boxes.
    bases: the candidates, where no cfg was given. command: what to run next.
    """

    data: DataFacts
    cfg: str
    base: str
    objects: ObjectFacts
    advised_objects: ObjectFacts
    own_anchors: AnchorFit
    new_anchors: AnchorFit | None
    memory: MemoryFit
    changes: tuple[AdvisedChange, ...]
    notes: tuple[str, ...]
    command: tuple[str, ...]
    bases: tuple[BaseFacts, ...] = field(default=())

    def to_json(self) -> str:
        """Everything, for programs."""
        return json.dumps(dataclasses.asdict(self), indent=1)
