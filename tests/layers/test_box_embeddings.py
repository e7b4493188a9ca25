"""embedding_layer= and the options of tracking of [yolo]."""

from __future__ import annotations

import re

import pytest
from support.layer_check import notices_of, read

from darknet_py.errors import CfgError

CFG = (
    "[net]\nchannels=3\nheight=32\nwidth=32\n[conv]\nfilters={filters}\nsize={stride}\n"
    "stride={stride}\n[conv]\nfilters=14\n[yolo]\nclasses=2\nnum=2\nanchors=1,2,3,4\n{options}\n"
)


def cfg(options: str, filters: int = 8, stride: int = 1) -> str:
    text = CFG.format(options=options, filters=filters, stride=stride)
    return (
        text
        if stride == 1
        else text.replace("[conv]\nfilters=14", "[route]\nlayers=-2\n[conv]\nfilters=14")
    )


def test_the_layer_and_the_rule() -> None:
    options = "embedding_layer={}\ntrack_history_size=20\nsim_thresh=.7\ndets_for_show=2\n"
    options += "dets_for_track=8\ntrack_ciou_norm=.2"
    for written in (-2, 0):
        head = read(cfg(options.format(written))).nodes[2].layer
        assert head.embeddings_from(2) == 0
        assert head.track_rule == (0.7, 0.2, 20, 8, 2)
    assert read(cfg("")).nodes[2].layer.embeddings_from(2) is None


@pytest.mark.parametrize(
    ("options", "filters", "message"),
    [
        ("embedding_layer=2", 8, "embedding_layer: read 2 = layer 2, expected an earlier layer"),
        ("embedding_layer=-3", 8, "embedding_layer: read -3 = layer -1, expected an earlier layer"),
        (
            "embedding_layer=0",
            1,
            "embedding_layer: layer 0 gives 32 x 32 x 1, expected 32 x 32 cells of at least 2 "
            "values, one for each anchor",
        ),
    ],
)
def test_layers_that_give_no_embeddings(options: str, filters: int, message: str) -> None:
    with pytest.raises(CfgError, match=re.escape(message)):
        read(cfg(options, filters))


def test_embeddings_of_another_grid() -> None:
    text = cfg("embedding_layer=0", 8).replace("[conv]\nfilters=14", "[conv]\nfilters=14\nstride=2")
    with pytest.raises(CfgError, match="layer 0 gives 32 x 32 x 8, expected 16 x 16 cells"):
        read(text)


def test_filters_that_the_anchors_do_not_divide() -> None:
    assert notices_of(read(cfg("embedding_layer=0", 5))) == [
        "warning: [yolo] embedding_layer: layer 0 has 5 filters, which 2 anchors do not divide; "
        "the last ones are not used"
    ]
