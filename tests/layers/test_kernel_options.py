"""What [convolutional] says of the options that move kernels, and where they change nothing."""

from __future__ import annotations

import pytest
from support.layer_check import notices_of, read

from darknet_py.forks import ALEXEYAB, PJREDDIE
from darknet_py.layers.kernel_rule import KernelRule

NET = "[net]\nwidth=8\nheight=8\nchannels=2\n"
CONV = "[conv]\nbatch_normalize=1\nfilters=16\nsize=4\n"


@pytest.mark.parametrize(
    ("options", "rule"),
    [
        ("", KernelRule(angle=15)),
        ("sway=1\nangle=-20.9", KernelRule(deformation="sway", angle=-20)),
        ("rotate=1", KernelRule(deformation="rotate", angle=15)),
        ("stretch=1\nreverse=.5", KernelRule(deformation="stretch", angle=15, reverse=0.5)),
        ("stretch_sway=1", KernelRule(deformation="stretch_sway", angle=15)),
        ("grad_centr=1", KernelRule(angle=15, centred=True)),
        ("cbn=1\ngrad_centr=1", KernelRule(angle=15, centred=True)),
    ],
)
def test_the_rule_of_a_convolution(options: str, rule: KernelRule) -> None:
    layer = read(NET + CONV + options + "\n").nodes[0].layer
    assert layer.kernel_rule(ALEXEYAB) == rule
    assert layer.kernel_rule(PJREDDIE) == KernelRule()


def test_other_kinds_have_none() -> None:
    layer = read(NET + "[connected]\noutput=2\n").nodes[0].layer
    assert layer.kernel_rule(ALEXEYAB) == KernelRule()


def test_stages() -> None:
    assert [KernelRule(deformation=word).stages for word in ("sway", "stretch_sway")] == [4, 8]


@pytest.mark.parametrize(
    ("options", "fork", "expected"),
    [
        ("sway=1", "alexeyab", []),
        ("stretch_sway=1\nreverse=2\ngrad_centr=1", "alexeyab", []),
        ("reverse=2", "pjreddie", ["note: [conv] reverse: no effect: pjreddie's program does not"]),
        ("sway=1", "pjreddie", ["note: [conv] sway: no effect: pjreddie's program does not read"]),
    ],
)
def test_what_check_says(options: str, fork: str, expected: list[str]) -> None:
    said = notices_of(read(f"{NET}{CONV}{options}\n", fork))
    assert len(said) == len(expected)
    assert all(map(str.startswith, said, expected))


@pytest.mark.parametrize(
    ("cfg", "expected"),
    [
        ("grad_centr=1\nbatch_normalize=0", "grad_centr: no effect: only with batch_normalize=1"),
        (
            "grad_centr=1\nsize=3",
            "grad_centr: no effect: AlexeyAB's program centres filters of a mu",
        ),
        ("sway=1\nfilters=3", "sway: trains kernels in 4 stages, these are 6, no multiple; change"),
        (
            "stretch_sway=1\nfilters=2",
            "stretch_sway: trains kernels in 8 stages, these are 4, no m",
        ),
    ],
)
def test_what_check_says_of_kernels(cfg: str, expected: str) -> None:
    written = [line.partition("=")[0] for line in cfg.split("\n")]
    usual = [o for o in CONV.split("\n")[1:-1] if o.partition("=")[0] not in written]
    (said,) = notices_of(read("\n".join([NET + "[conv]", *usual, cfg, ""])))
    assert expected in said


def test_reverse_is_nothing_to_adam() -> None:
    (said,) = notices_of(read(NET + "adam=1\n" + CONV + "reverse=2\n"))
    assert said == "note: [conv] reverse: no effect: not with adam=1"
