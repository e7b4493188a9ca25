"""The rules of `yolo` and `coco`, which differ from both programs' `detector`."""

from __future__ import annotations

import pytest

from darknet_py.forks import ALEXEYAB, PJREDDIE, Fork
from darknet_py.options.yolov1_words import CocoValidOptions, YoloTestOptions, YoloValidOptions


@pytest.mark.parametrize("fork", [ALEXEYAB, PJREDDIE], ids=lambda fork: fork.name)
def test_rules_of_both_programs(fork: Fork) -> None:
    rules = YoloTestOptions(cfg="n.cfg", weights="n.weights", fork=fork.name).fork_in_force
    detect, log = rules.detect, rules.log
    assert not detect.letter_box and detect.coco_id_after_underscore and detect.valid_nms == 0.5
    assert log.seconds and log.heads_on_stdout and not log.announces_heads and not log.update_title
    assert rules.saving.detector_backup and rules.name == fork.name
    # All else is the fork's.
    assert rules.samples == fork.samples and rules.loss == fork.loss and rules.images == fork.images
    assert detect.out_names_image == fork.detect.out_names_image


def test_each_word_has_a_threshold_of_its_own() -> None:
    records = [record(cfg="n.cfg", weights="w") for record in (YoloValidOptions, CocoValidOptions)]
    assert [one.fork_in_force.detect.valid_thresh for one in records] == [0.001, 0.01]
    assert YoloTestOptions(cfg="n.cfg", weights="w").least_score == 0.2


def test_exif_counts_beside_them() -> None:
    options = YoloTestOptions(cfg="n.cfg", weights="w", fork="pjreddie", exif=True)
    assert options.fork_in_force.images.upright and not options.fork_in_force.detect.letter_box
