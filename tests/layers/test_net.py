"""[net]: sizes, policy, words, and what it says about options that do nothing."""

from __future__ import annotations

import re

import pytest
from support.layer_check import notices_of, read

from darknet_py.cfg import text
from darknet_py.errors import BadOption, CfgError, Problems
from darknet_py.layers.net import Net, read_net

LAYER = "\n[dropout]\n"


def net(options: str, **overrides: int) -> Net:
    problems = Problems()
    return read_net(
        text.parse(f"[net]\n{options}\n", "net.cfg", problems)[0], problems, **overrides
    )


def test_defaults_are_those_of_the_c_programs() -> None:
    made = net("inputs=1")
    expected = {
        "batch": 1, "subdivisions": 1, "time_steps": 1, "max_batches": 0, "learning_rate": 0.001,
        "learning_rate_min": 0.00001, "momentum": 0.9, "decay": 0.0001, "burn_in": 0, "power": 4.0,
        "policy": "constant", "step": 1, "scale": 1.0, "gamma": 1.0, "steps": (), "scales": (),
        "sgdr_cycle": None, "sgdr_mult": 2, "adam": 0, "B1": 0.9, "B2": 0.999, "eps": None,
        "angle": 0.0, "aspect": 1.0, "saturation": 1.0, "exposure": 1.0, "hue": 0.0,
        "max_crop": None,
        "min_crop": None, "flip": 1, "mosaic": 0, "letter_box": 0, "resize_step": 32.0,
        "label_smooth_eps": 0.0, "augment_speed": 2, "loss_scale": 1.0,
    }  # fmt: skip
    assert {key: getattr(made, key) for key in expected} == expected


@pytest.mark.parametrize(
    "options, shape",
    [
        ("width=4\nheight=5\nchannels=3", (3, 5, 4)),
        ("inputs=7", (7, 1, 1)),
        ("inputs=7\nwidth=4\nheight=5\nchannels=3", (3, 5, 4)),  # an image wins
        ("inputs=7\nwidth=4", (7, 1, 1)),
    ],
)
def test_input(options: str, shape: tuple[int, int, int]) -> None:
    assert net(options).input == shape


@pytest.mark.parametrize("name", ["net", "network"])
def test_names(name: str) -> None:
    assert read(f"[{name}]\ninputs=3{LAYER}").net.input == (3, 1, 1)


def test_overrides() -> None:
    made = net("width=4\nheight=5\nchannels=3\ntime_steps=7", width=8, height=6, time_steps=2)
    assert (made.input, made.time_steps) == ((3, 6, 8), 2)


def test_lists() -> None:
    made = net("inputs=1\npolicy=steps\nsteps=400, 450 # late\nscales=.1, .5\nseq_scales=1,2")
    assert (made.steps, made.scales, made.seq_scales) == ((400, 450), (0.1, 0.5), (1.0, 2.0))


ERRORS = [
    ("width=-4\nheight=5\nchannels=3", BadOption, "[net] width: read -4, expected at least 1"),
    ("inputs=-1", BadOption, "[net] inputs: read -1, expected at least 1"),
    (
        "width=4\nheight=5",
        CfgError,
        "the input has no size: set channels (or inputs= for a net of vectors)",
    ),
    ("", CfgError, "the input has no size: set width, height, channels (or inputs="),
    ("inputs=3\ntime_steps=0", BadOption, "time_steps: read 0, expected at least 1"),
    ("inputs=3\nsubdivisions=0", BadOption, "subdivisions: read 0, expected at least 1"),
    ("inputs=3\npolicy=stepps", BadOption, "policy: read 'stepps', expected one of"),
    ("inputs=3\npolicy=steps", BadOption, "policy: policy=steps needs steps= as well"),
    ("inputs=3\npolicy=steps\nsteps=1", BadOption, "policy: policy=steps needs scales= as well"),
    ("inputs=3\nlearning_rate=fast", BadOption, "learning_rate: read 'fast', expected a number"),
]


@pytest.mark.parametrize("options, error, message", ERRORS)
def test_errors(options: str, error: type[CfgError], message: str) -> None:
    with pytest.raises(error, match=re.escape(message)):
        net(options)


def test_short_scales_count_as_1() -> None:
    actual = notices_of(read(f"[net]\ninputs=3\npolicy=steps\nsteps=1,2,3\nscales=.1{LAYER}"))
    assert actual == ["warning: [net] scales: 1 values for 3 steps; the missing ones count as 1"]


@pytest.mark.parametrize(
    "key, why",
    [
        ("seen", "neither fork reads it: the weights file holds the images seen"),
        ("max_epochs", "neither fork reads it: max_batches ends training"),
        ("notruth", "pjreddie's program reads it and never uses it"),
        ("optimized_memory", "it tunes the memory"),
        ("workspace_size_limit_MB", "it tunes the memory"),
        ("use_cuda_graph", "it tunes the memory"),
        ("show_receptive_field", "`summary` always shows it"),
    ],
)
def test_options_without_effect(key: str, why: str) -> None:
    actual = notices_of(read(f"[net]\ninputs=3\n{key}=1{LAYER}"))
    assert len(actual) == 1 and actual[0].startswith(f"note: [net] {key}: no effect here: {why}")


def test_attention_shows_what_adversarial_lr_does() -> None:
    assert notices_of(read(f"[net]\ninputs=3\nattention=1{LAYER}")) == [
        "warning: [net] attention: no effect without adversarial_lr, whose passes it shows"
    ]
    assert notices_of(read(f"[net]\ninputs=3\nattention=1\nadversarial_lr=1{LAYER}")) == []


def test_unknown_option_names_the_nearest() -> None:
    actual = notices_of(read(f"[net]\ninputs=3\nlearning_rat=.1{LAYER}"))
    assert actual == [
        "warning: [net] learning_rat: unknown option, it has no effect; "
        "did you mean 'learning_rate'?"
    ]


def test_first_section_must_be_net() -> None:
    with pytest.raises(CfgError, match=re.escape("[conv]: is the first section, expected [net]")):
        read("[conv]\n[net]\n")
