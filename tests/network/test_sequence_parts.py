"""Into how many parts of sequences an update falls, and options of them that make no sense."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.layer_check import read

from darknet_py.forks import ALEXEYAB, PJREDDIE
from darknet_py.layers.net import Net
from darknet_py.network.check import check
from darknet_py.network.sequence_parts import sequence_notices, sequence_parts, sequence_passes

NET = "[net]\nwidth=8\nheight=8\nchannels=3\nbatch=16\nsubdivisions=8\n"
HEAD = "[conv]\nfilters=6\n[yolo]\nclasses=1\nnum=1\nmask=0\nanchors=4,4\n"
LSTM = "[conv_lstm]\noutput=2\npad=1\n"


def net(*options: str) -> Net:
    return read(NET + "\n".join([*options, ""]) + HEAD).net


@pytest.mark.parametrize(
    ("options", "parts", "passes"),
    [
        ((), 8, 1),
        (("track=1",), 8, 1),
        (("track=1", "sequential_subdivisions=2"), 2, 4),
        (("track=1", "sequential_subdivisions=3"), 3, 2),
        (("track=1", "sequential_subdivisions=99"), 8, 1),
        (("track=1", "sequential_subdivisions=0"), 1, 8),
        # Not clamped without track, and C then never divides.
        (("sequential_subdivisions=2",), 2, 4),
        (("sequential_subdivisions=0",), 0, 1),
        (("sequential_subdivisions=-4",), -4, 1),
    ],
)
def test_parts_and_sub_batches_of_each(options: tuple[str, ...], parts: int, passes: int) -> None:
    made = net(*options)
    assert (sequence_parts(made, 0), sequence_passes(made, ALEXEYAB, 0)) == (parts, passes)
    assert sequence_passes(made, PJREDDIE, 0) == 1


@pytest.mark.parametrize("policy", ["steps", "sgdr"])
def test_seq_scales_count_completed_updates_and_whole_parts(policy: str) -> None:
    made = net(
        *("track=1", "sequential_subdivisions=8", f"policy={policy}", "max_batches=900"),
        *("steps=10,20,30,40", "scales=1,1,1,1", "seq_scales=.5,.7,.1,50"),
    )
    # 8 -> 4 -> int(2.8) -> int(.2), where C takes 1 for 0 -> 0 * 50.
    expected = {9: 8, 10: 4, 19: 4, 20: 2, 29: 2, 30: 1, 40: 1}
    assert {updates: sequence_parts(made, updates) for updates in expected} == expected
    assert sequence_passes(made, ALEXEYAB, 25) == 4


def test_a_scale_of_a_float_that_is_just_below() -> None:
    # In C's float 10 * .7 is 7, and in doubles of that float 6.99999988.
    options = ("track=1", "policy=steps", "steps=1", "scales=1", "sequential_subdivisions=10")
    whole = NET.replace("subdivisions=8", "subdivisions=16")

    def parts(scale: str, updates: int) -> int:
        cfg = whole + "\n".join([*options, f"seq_scales={scale}", ""]) + HEAD
        return sequence_parts(read(cfg).net, updates)

    assert (parts(".7", 0), parts(".7", 1), parts("1e38", 1), parts("99", 1)) == (10, 7, 1, 16)


def test_without_a_policy_of_steps_or_track_nothing_is_scaled() -> None:
    scales = ("sequential_subdivisions=8", "steps=1,2", "scales=1,1", "seq_scales=.5,.5")
    assert sequence_parts(net("track=1", "policy=constant", *scales), 5) == 8
    assert sequence_parts(net("policy=steps", *scales), 5) == 8
    assert sequence_parts(net("track=1", "policy=steps", *scales), 5) == 2
    short = ("sequential_subdivisions=8", "steps=1,2", "scales=1,1", "seq_scales=.5")
    assert sequence_parts(net("track=1", "policy=steps", *short), 5) == 4


@pytest.mark.parametrize(
    ("options", "layers", "said"),
    [
        ("track=1\ntime_steps=4", LSTM, {}),
        ("track=1\nsequential_subdivisions=2", LSTM, {}),
        ("track=1", LSTM, {"track": "sequences are of one frame: set time_steps="}),
        ("time_steps=4", LSTM, {"time_steps": "the images of a sequence are any images"}),
        ("time_steps=4", "", {}),
        ("augment_speed=5", "", {"augment_speed": "no effect without track=1"}),
        (
            "track=1\ntime_steps=2\ndynamic_minibatch=1",
            LSTM,
            {"dynamic_minibatch": "no effect with track=1"},
        ),
        ("seq_scales=.5", "", {"seq_scales": "no effect without track=1"}),
        (
            "sequential_subdivisions=2",
            "",
            {"sequential_subdivisions": "without track=1 it divides the learning rate"},
        ),
        (
            "track=1\ntime_steps=2\nsequential_subdivisions=9",
            LSTM,
            {"sequential_subdivisions": "is above subdivisions=8 and counts as that"},
        ),
        (
            "track=1\ntime_steps=2\nsequential_subdivisions=3",
            LSTM,
            {"sequential_subdivisions": "3 parts of 8 subdivisions: sequences begin within"},
        ),
        (
            "track=1\ntime_steps=2\nseq_scales=.5",
            LSTM,
            {"seq_scales": "no effect: they go with policy=steps or sgdr"},
        ),
        (
            "track=1\ntime_steps=2\npolicy=steps\nsteps=1,2\nscales=1,1\nseq_scales=.5",
            LSTM,
            {"seq_scales": "1 values for 2 steps; the missing ones count as 1"},
        ),
    ],
)
def test_what_makes_no_sense(
    tmp_path: Path, options: str, layers: str, said: dict[str, str]
) -> None:
    cfg = f"{NET}{options}\n{layers}{HEAD}"
    notices = {one.location.key: one.message for one in sequence_notices(read(cfg))}
    assert set(notices) == set(said)
    assert all(notices[key].startswith(message) for key, message in said.items())
    path = tmp_path / "a.cfg"
    path.write_text(cfg)
    checked = {one.location.key: one.message for one in check(path)}
    assert notices.items() <= checked.items()


def test_pjreddies_program_reads_none_of_them() -> None:
    options = "track=1\nseq_scales=.5\naugment_speed=3\nsequential_subdivisions=2\n"
    notices = list(sequence_notices(read(NET + options + HEAD, fork="pjreddie")))
    assert {one.location.key for one in notices} == {line.split("=")[0] for line in options.split()}
    assert {one.message for one in notices} == {"no effect: pjreddie's program does not read it"}
    assert not list(sequence_notices(read(NET + "augment_speed=2\n" + HEAD, fork="pjreddie")))
