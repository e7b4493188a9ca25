"""Where the two Darknet programs give different numbers: one record, documented field by field.

Section kinds of both forks are always accepted; a `Fork` only decides what they compute. rules.py
and log_rules.py document the fields; here are their values.
"""

from __future__ import annotations

import os

from darknet_py.errors import DarknetError, nearest
from darknet_py.forks.log_rules import LogRules
from darknet_py.forks.rules import (
    ClassifyRules,
    DetectRules,
    Fork,
    GoRules,
    ImageRules,
    LayerRules,
    LossRules,
    PictureRules,
    SampleRules,
    SavingRules,
    WeightsRules,
)
from darknet_py.forks.update_rules import UpdateRules

__all__ = ["ALEXEYAB", "FORKS", "PJREDDIE", "Fork", "default_fork", "fork_named"]


ALEXEYAB = Fork(
    name="alexeyab",
    layers=LayerRules(
        dropout=0.2,
        dropblock=True,
        cross_batchnorm=True,
        excitation=True,
        rnn_hidden=True,
        shortcut_alpha=False,
        maxpool_zero_nonmax=True,
        region_raw_location=True,
        region_raw_classes=True,
        yolo_scale_x_y=True,
        yolo_new_coords=True,
    ),
    weights=WeightsRules(
        revision=5,
        batchnorm_biases=True,
        gru_order=("uz", "ur", "uh", "wz", "wr", "wh"),
        lstm_order=("wf", "wi", "wg", "wo", "uf", "ui", "ug", "uo"),
        lstm_tools=True,
        whole_iterations=True,
        oneoff_start=1.0,
    ),
    images=ImageRules(upright=True),
    pictures=PictureRules(nightmare_grey=0.0),
    detect=DetectRules(
        letter_box=False,
        detect_thresh=0.24,
        test_thresh=0.25,
        valid_thresh=0.001,
        valid_nms=0.6,
        cell_order=False,
        yolov1_cells=True,
        nms_kinds=True,
        region_needs_objectness=False,
        region_hier_thresh=False,
        coco_id_after_underscore=False,
        demo_nms=0.45,
        demo_bytewise=True,
        demo_hier=False,
        demo_objectness=False,
        demo_mean=1,
        tracks_embeddings=True,
        out_names_image=False,
    ),
    classify=ClassifyRules(
        valid_square=False,
        predict_letterbox=False,
        demo_letterbox=False,
        multi_longer_side=False,
        multi_sizes=(224, 288, 320, 352, 384),
        predict_leaves=False,
    ),
    samples=SampleRules(
        label_rule="folders",
        drops_under_a_pixel=True,
        least_cell_side=0.001,
        most_labels=200,
        region_most_labels=200,
        truth_size=6,
        canvas=False,
        square_sizes=False,
        dynamic_minibatch=True,
        crop_ratios=False,
        detector_mix_parts=6,
        classifier_mix_parts=32,
        sequences=True,
        label_smoothing=True,
        pairs=True,
        tags=False,
        stream_jumps=10,
    ),
    loss=LossRules(
        yolo_plain=False,
        delta_rejection=True,
        filter_rejection=True,
        fix_nan=True,
        region_small_boxes=False,
        region_classfix=True,
        region_many_classes=False,
        region_class_only_objectness=False,
        region_cost_slope=True,
        cost_kinds=False,
    ),
    update=UpdateRules(
        freezes=True,
        stopbackward_counts=True,
        holds_layers=True,
        clips_layers=True,
        adam_kinds=frozenset({"convolutional"}),
        adam_counts_run=False,
        adversarial=True,
        smooths=False,
        adam_epsilon=1e-6,
        kernel_options=True,
    ),
    saving=SavingRules(
        detector_backup=False,
        classifier_epochs=False,
        rnn_seldom=False,
        go_seldom=False,
    ),
    go=GoRules(
        names_players=False,
        candidates=5,
        dots=False,
    ),
    log=LogRules(
        seconds=False,
        suppression_order=False,
        best_class_only=False,
        tells_machine=True,
        plain_table=False,
        tells_seen=True,
        counts_names=True,
        announces_heads=True,
        announces_classes=True,
        percents=False,
        valid_names_images=False,
        bad_lists=True,
        heads_on_stdout=False,
        head_losses=True,
        training_plan=True,
        update_title=True,
        classifier_hours=True,
        rnn_bits=False,
        rnn_input=False,
        go_loading=False,
        rate_first=False,
        network_rate=True,
        ops_by_group=False,
        speed_operations=False,
    ),
)


PJREDDIE = Fork(
    name="pjreddie",
    layers=LayerRules(
        dropout=0.5,
        dropblock=False,
        cross_batchnorm=False,
        excitation=False,
        rnn_hidden=False,
        shortcut_alpha=True,
        maxpool_zero_nonmax=False,
        region_raw_location=False,
        region_raw_classes=False,
        yolo_scale_x_y=False,
        yolo_new_coords=False,
    ),
    weights=WeightsRules(
        revision=0,
        batchnorm_biases=False,
        gru_order=("wz", "wr", "wh", "uz", "ur", "uh"),
        lstm_order=("wi", "wf", "wo", "wg", "ui", "uf", "uo", "ug"),
        lstm_tools=False,
        whole_iterations=False,
        oneoff_start=0.1,
    ),
    images=ImageRules(upright=False),
    pictures=PictureRules(nightmare_grey=0.1),
    detect=DetectRules(
        letter_box=True,
        detect_thresh=0.5,
        test_thresh=0.5,
        valid_thresh=0.005,
        valid_nms=0.45,
        cell_order=False,
        yolov1_cells=False,
        nms_kinds=False,
        region_needs_objectness=True,
        region_hier_thresh=True,
        coco_id_after_underscore=True,
        demo_nms=0.4,
        demo_bytewise=False,
        demo_hier=True,
        demo_objectness=True,
        demo_mean=3,
        tracks_embeddings=False,
        out_names_image=True,
    ),
    classify=ClassifyRules(
        valid_square=True,
        predict_letterbox=True,
        demo_letterbox=True,
        multi_longer_side=True,
        multi_sizes=(224, 256, 288, 320),
        predict_leaves=True,
    ),
    samples=SampleRules(
        label_rule="words",
        drops_under_a_pixel=False,
        least_cell_side=0.005,
        most_labels=90,
        region_most_labels=30,
        truth_size=5,
        canvas=True,
        square_sizes=True,
        dynamic_minibatch=False,
        crop_ratios=True,
        detector_mix_parts=0,
        classifier_mix_parts=0,
        sequences=False,
        label_smoothing=False,
        pairs=False,
        tags=True,
        stream_jumps=64,
    ),
    loss=LossRules(
        yolo_plain=True,
        delta_rejection=False,
        filter_rejection=False,
        fix_nan=False,
        region_small_boxes=True,
        region_classfix=False,
        region_many_classes=True,
        region_class_only_objectness=True,
        region_cost_slope=False,
        cost_kinds=True,
    ),
    update=UpdateRules(
        freezes=False,
        stopbackward_counts=False,
        holds_layers=False,
        clips_layers=False,
        adam_kinds=frozenset(
            {"convolutional", "deconvolutional", "connected", "rnn", "gru", "lstm"}
        ),
        adam_counts_run=True,
        adversarial=False,
        smooths=True,
        adam_epsilon=1e-7,
        kernel_options=False,
    ),
    saving=SavingRules(
        detector_backup=True,
        classifier_epochs=True,
        rnn_seldom=True,
        go_seldom=True,
    ),
    go=GoRules(
        names_players=True,
        candidates=10,
        dots=True,
    ),
    log=LogRules(
        seconds=True,
        suppression_order=True,
        best_class_only=False,
        tells_machine=False,
        plain_table=True,
        tells_seen=False,
        counts_names=False,
        announces_heads=False,
        announces_classes=False,
        percents=True,
        valid_names_images=True,
        bad_lists=False,
        heads_on_stdout=True,
        head_losses=False,
        training_plan=False,
        update_title=False,
        classifier_hours=False,
        rnn_bits=True,
        rnn_input=True,
        go_loading=True,
        rate_first=True,
        network_rate=False,
        ops_by_group=True,
        speed_operations=True,
    ),
)

FORKS = {fork.name: fork for fork in (ALEXEYAB, PJREDDIE)}
VARIABLE = "DARKNET_PY_FORK"
"""Of the environment: the fork of the command line where --fork is not given."""


def default_fork() -> str:
    """What the environment says, else alexeyab; raises DarknetError for a fork that is neither."""
    name = os.environ.get(VARIABLE) or ALEXEYAB.name
    if name not in FORKS:
        known = f"known are {', '.join(FORKS)}{nearest(name, FORKS)}"
        raise DarknetError(f"unknown fork '{name}' in the environment's {VARIABLE}, {known}")
    return name


def fork_named(name: str | Fork) -> Fork:
    """The record of "alexeyab" or "pjreddie"; raises DarknetError for any other name."""
    if isinstance(name, Fork):
        return name
    if name not in FORKS:
        raise DarknetError(
            f"unknown fork '{name}', known are {', '.join(FORKS)}{nearest(name, FORKS)}"
        )
    return FORKS[name]
