"""Results of a moving source, with tiles and with numbers that objects keep, as options say."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass

from darknet_py.detect.detector import Detector
from darknet_py.detect.embedding_engine import EmbeddingEngine, track_rule
from darknet_py.detect.embedding_tracking import EmbeddingTracker, tracked_by_embeddings
from darknet_py.detect.pipeline import PipelineOptions
from darknet_py.detect.result import Result
from darknet_py.detect.tiles import Tiling
from darknet_py.detect.tracking import Tracker, tracked
from darknet_py.images.fitted_images import InputSpec
from darknet_py.images.frames import FrameSource
from darknet_py.options.video import FollowOptions
from darknet_py.video.output import Paint, plotted, plotted_by_track


@dataclass(frozen=True)
class Following:
    """tiling: None sees frames as a whole. tracker: None gives no numbers."""

    tiling: Tiling | None = None
    tracker: Tracker | EmbeddingTracker | None = None

    @staticmethod
    def of(
        options: FollowOptions, source: FrameSource, detector: Detector, as_demo: bool = False
    ) -> Following:
        """What options ask for: with embeddings of boxes, which tiles have none of, objects are
        told again by these, otherwise by where they move.

        as_demo: with embeddings nobody need ask, as in AlexeyAB's `demo`. Raises DataError for a
        tiling that is none, DarknetError where the tracker's package is missing.
        """
        tiling = Tiling.parse(options.tile, options.overlap)
        rule = track_rule(detector.engine) if tiling is None else None
        if rule and (options.track or as_demo):
            return Following(tiling, EmbeddingTracker(rule))
        return Following(tiling, Tracker(source.fps) if options.track else None)

    def results(
        self, detector: Detector, source: FrameSource, options: PipelineOptions, spec: InputSpec
    ) -> Generator[Result, None, None]:
        if isinstance(self.tracker, EmbeddingTracker):
            found = detector.on(EmbeddingEngine(detector.engine)).results(
                source, options, spec, tiling=self.tiling
            )
            return tracked_by_embeddings(found, self.tracker)
        found = detector.results(source, options, spec, tiling=self.tiling)
        return tracked(found, self.tracker) if self.tracker else found

    @property
    def paint(self) -> Paint:
        """What is drawn: objects that keep a number keep a colour too."""
        return plotted_by_track if self.tracker else plotted
