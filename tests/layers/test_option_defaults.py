"""What an option is that no cfg sets: what the C programs' parser says, for every section kind.

`name=` alone stands for a default that depends on other options, on the fork or on the network.
"""

from __future__ import annotations

import dataclasses

import pytest

from darknet_py.layers import SECTIONS
from darknet_py.layers.base import Layer
from darknet_py.layers.net import Net

BOXES = "classes=20 num=1 max= jitter=0.2 resize=1 random=0"
LOSS = "coord_scale=1 object_scale=1 noobject_scale=1 class_scale=1"
YOLO = (
    f"{BOXES} mask= anchors= map= scale_x_y=1 nms_kind=default beta_nms=0.6 ignore_thresh=0.5 "
    "truth_thresh=1 iou_thresh=1 iou_thresh_kind=iou iou_loss=mse iou_normalizer=0.75 "
    "obj_normalizer=1 cls_normalizer=1 delta_normalizer=1 max_delta=inf objectness_smooth=0 "
    "label_smooth_eps=0 counters_per_class= show_details=1"
)
WINDOW = "size=3 stride=1 dilation=1 pad=0 padding=0 groups=1 xnor=0 shortcut=0 output=1"
POOL = "stride=1 stride_x= stride_y= size= padding="

DEFAULTS = {
    "convolutional": "filters=1 size=1 stride=1 stride_x=-1 stride_y=-1 pad=0 padding=0 groups=1 "
    "dilation=1 batch_normalize=0 activation=logistic binary=0 xnor=0 flipped=0 antialiasing=0 "
    "share_index= cbn=0 assisted_excitation=0 sway=0 rotate=0 stretch=0 stretch_sway=0 angle=15 "
    "grad_centr=0 reverse=0",
    "deconvolutional": "filters=1 size=1 stride=1 pad=0 padding=0 batch_normalize=0 "
    "activation=logistic",
    "local": "filters=1 size=1 stride=1 pad=0 activation=logistic",
    "connected": "output=1 activation=logistic batch_normalize=0",
    "rnn": "batch_normalize=0 output=1 hidden=1 activation=logistic logistic=0 shortcut=0",
    "gru": "batch_normalize=0 output=1 tanh=0",
    "lstm": "batch_normalize=0 output=1",
    "crnn": f"batch_normalize=0 {WINDOW} hidden=1 output_filters= hidden_filters= "
    "activation=logistic",
    "conv_lstm": f"batch_normalize=0 {WINDOW} activation=linear lstm_activation=tanh peephole=0 "
    "bottleneck=0 state_constrain= time_normalizer=1",
    "history": "history_size=4",
    "maxpool": f"{POOL} maxpool_depth=0 maxpool_zero_nonmax=0 out_channels=1 antialiasing=0",
    "local_avgpool": POOL,
    "avgpool": "",
    "upsample": "stride=2 scale=1",
    "reorg": "stride=1 reverse=0 flatten=0 extra=0",
    "reorg3d": "stride=1 reverse=0",
    "crop": "crop_height=1 crop_width=1 flip=0 angle=0 saturation=1 exposure=1 noadjust=0 shift=0",
    "route": "layers= groups=1 group_id=0",
    "shortcut": "source= activation=linear alpha=1 beta=1 weights_type=none "
    "weights_normalization=none",
    "scale_channels": "source= activation=linear scale_wh=0",
    "sam": "source= activation=linear",
    "implicit": "mean=0 std=0.2 filters=128 atoms=1",
    "activation": "activation=linear",
    "logistic": "",
    "dropout": "probability= dropblock=0 dropblock_size_rel=0 dropblock_size_abs=0",
    "empty": "",
    "batchnorm": "",
    "l2norm": "",
    "normalization": "alpha=0.0001 beta=0.75 kappa=1 size=5",
    "softmax": "groups=1 temperature=1 tree= spatial=0 noloss=0",
    "cost": "type=sse scale=1 noobj=1 thresh=0",
    "contrastive": "classes=1000 yolo_layer=0 temperature=1 cls_normalizer=1 max_delta=inf "
    "contrastive_neg_max=3",
    "iseg": "classes=20 ids=32",
    "yolo": f"{YOLO} new_coords=0 focal_loss=0 embedding_layer= track_history_size=5 "
    "sim_thresh=0.8 dets_for_track=1 dets_for_show=1 track_ciou_norm=0.01",
    "Gaussian_yolo": f"{YOLO} uc_normalizer=1 yolo_point=center",
    "region": f"{BOXES} coords=4 anchors= softmax=0 background=0 tree= map= classfix=0 rescore=0 "
    f"thresh=0.5 focal_loss=0 {LOSS} bias_match=0",
    "detection": f"{BOXES.replace('20', '1')} coords=1 side=7 softmax=0 sqrt=0 rescore=0 forced=0 "
    f"{LOSS}",
}
EVERY = (
    "learning_rate=1 dontload=0 dontloadscales=0 dontsave=0 numload=0 onlyforward=0 stopbackward=0 "
    "truth=0 smooth=0 clip=0 dont_update=0 burnin_update=0 train_only_bn=0"
)
"""Of every kind of layer."""
NET = (
    "batch=1 subdivisions=1 time_steps=1 height=0 width=0 channels=0 inputs=0 max_batches=0 "
    "learning_rate=0.001 learning_rate_min=1e-05 momentum=0.9 decay=0.0001 burn_in=0 power=4 "
    "policy=constant step=1 scale=1 gamma=1 steps= scales= seq_scales= sgdr_cycle= sgdr_mult=2 "
    "adam=0 B1=0.9 B2=0.999 eps= clip=0 loss_scale=1 try_fix_nan=0 dynamic_minibatch=0 ema_alpha=0 "
    "weights_reject_freq=0 equidistant_point=0 badlabels_rejection_percentage=0 "
    "num_sigmas_reject_badlabels=0 sequential_subdivisions= track=0 augment_speed=2 "
    "adversarial_lr=0 attention=0 contrastive=0 contrastive_jit_flip=0 contrastive_color=0 "
    "unsupervised=0 angle=0 aspect=1 saturation=1 exposure=1 hue=0 max_crop= min_crop= max_ratio= "
    "min_ratio= center=0 flip=1 blur=0 gaussian_noise=0 mixup=0 cutmix=0 mosaic=0 mosaic_bound=0 "
    "letter_box=0 label_smooth_eps=0 resize_step=32 random=0 max_chart_loss=20"
)


def defaults_of(kind: type) -> set[str]:
    fields = (field for field in dataclasses.fields(kind) if field.metadata.get("option"))
    return {f"{field.name}={shown(field.default)}" for field in fields}


def shown(value: object) -> str:
    if value is dataclasses.MISSING or value is None or value == ():
        return ""
    return f"{value:g}" if isinstance(value, (int, float)) else str(value)


@pytest.mark.parametrize("name", DEFAULTS)
def test_defaults_of_a_section_kind(name: str) -> None:
    every = set(EVERY.split())
    assert defaults_of(SECTIONS[name]) - every == set(DEFAULTS[name].split())
    assert every <= defaults_of(SECTIONS[name])


def test_defaults_of_net_and_of_every_layer() -> None:
    assert defaults_of(Net) == set(NET.split())
    assert defaults_of(Layer) == set(EVERY.split())


def test_no_kind_is_forgotten() -> None:
    assert {SECTIONS[name] for name in DEFAULTS} == set(SECTIONS.values())
