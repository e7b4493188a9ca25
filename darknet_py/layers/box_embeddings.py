"""Embeddings of the boxes of [yolo], by which AlexeyAB's program tells objects again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from darknet_py.cfg.options import option
from darknet_py.errors import Problems
from darknet_py.layers.base import LayerContext
from darknet_py.layers.head import Head
from darknet_py.layers.references import resolve_all

TRACKING = (
    "embedding_layer",
    "track_history_size",
    "sim_thresh",
    "dets_for_track",
    "dets_for_show",
    "track_ciou_norm",
)


class TrackRule(NamedTuple):
    """How boxes are taken for objects of frames before.

    similarity: what it must be above: the cosine of the embeddings, and by its share `overlap` the
    IoU of the boxes. history: frames that are looked back at. least_numbered: frames before this
    one in which an object with a number has been seen, at least one more than these; least_shown:
    in which one that is shown has been seen.
    """

    similarity: float
    overlap: float
    history: int
    least_numbered: int
    least_shown: int


@dataclass(frozen=True, kw_only=True, init=False, repr=False, eq=False)  # abstract
class EmbeddedHead(Head):
    """A head whose boxes may have embeddings, as many to a cell as it has anchors."""

    embedding_layer: int | None = option(None)
    track_history_size: int = option(5)
    sim_thresh: float = option(0.8)
    dets_for_track: int = option(1)
    dets_for_show: int = option(1)
    track_ciou_norm: float = option(0.01)

    @property
    def track_rule(self) -> TrackRule:
        return TrackRule(
            self.sim_thresh,
            self.track_ciou_norm,
            self.track_history_size,
            self.dets_for_track,
            self.dets_for_show,
        )

    def embeddings_from(self, index: int) -> int | None:
        """The layer that gives them, for this head at `index`; None where it has none.

        Raises ShapeError for one that is no earlier layer.
        """
        if self.embedding_layer is None:
            return None
        return resolve_all(self, "embedding_layer", (self.embedding_layer,), index)[0]

    def check(self, ctx: LayerContext, problems: Problems) -> None:
        super().check(ctx, problems)
        source = self.embeddings_from(ctx.index)
        if source is None:
            return
        out, x, anchors = ctx.nodes[source].out, ctx.input, len(self.masks)
        if (out.w, out.h) != (x.w, x.h) or out.c < anchors:
            message = f"layer {source} gives {out.w} x {out.h} x {out.c}, expected {x.w} x {x.h} "
            message += f"cells of at least {anchors} values, one for each anchor"
            problems.fail(self.shape_error(message, "embedding_layer"))
        elif out.c % anchors:
            message = f"layer {source} has {out.c} filters, which {anchors} anchors do not divide"
            problems.warn(
                self.location("embedding_layer"), f"{message}; the last ones are not used"
            )
