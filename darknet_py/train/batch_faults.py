"""What is wrong with the images and labels of batches, told while they are learnt."""

from __future__ import annotations

from dataclasses import dataclass, field

from darknet_py.data.bad_lists import BadLists
from darknet_py.data.loader import Batch
from darknet_py.train.logs.progress_log import TrainingLog
from darknet_py.train.task import Task

MOST_NAMED = 16


@dataclass
class BatchFaults:
    """Tells the log of each fault once. unreadable: the images left out so far, with the reason."""

    report: TrainingLog
    lists: BadLists = field(default_factory=BadLists)
    unreadable: set[str] = field(default_factory=set)

    def tell(self, batch: Batch) -> None:
        for line in batch.unreadable:
            if line not in self.unreadable:
                self.unreadable.add(line)
                count = len(self.unreadable)
                self.report.note(f"left out, another image is drawn: {line} ({count} so far)")
        new = self.lists.add(batch.faults)
        self.report.as_darknet(fault.said for fault in new)
        for line in self.lists.wrong_label_note(new):
            self.report.remark(line)

    def sum_up(self) -> None:
        """At the end: how many were found."""
        for line in self.lists.summary:
            self.report.note(line)


def images_of(task: Task, step: int) -> str:
    """The images that a step learns, as the end of a sentence; "" where a task has none."""
    paths = list(dict.fromkeys(task.drawn(step)))
    if not paths:
        return ""
    more = f" and {len(paths) - MOST_NAMED} more" if len(paths) > MOST_NAMED else ""
    return f"; the images of the batch: {', '.join(paths[:MOST_NAMED])}{more}"
