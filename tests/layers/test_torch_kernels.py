"""Shapes whose gradients torch's own kernels get wrong, or that crash there.

Each set runs in a process of its own, with the instructions that have the fault where this
processor has them: a crash or a hang is then one failing test.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import Any

import pytest

PROGRAM = """
import json, sys, torch
from darknet_py.layers.torch_kernels import convolve, convolve_transposed

def gradients(case, full):
    torch.manual_seed(0)
    x = torch.rand(case["n"], case["c"], *case["size"]) - 0.3
    shape = (case["f"], case["c"] // case["groups"], case["k"], case["k"])
    if case["op"] == "transposed":
        shape = (case["c"], case["f"], case["k"], case["k"])
    kernel, bias = torch.rand(shape) - 0.5, torch.rand(case["f"])
    seed = torch.Generator().manual_seed(1)
    if full:
        x, kernel, bias = x.double(), kernel.double(), bias.double()
    else:
        x, kernel = (t.to(memory_format=torch.channels_last) for t in (x, kernel))
    leaves = [t.requires_grad_() for t in (x, kernel, bias)]
    with torch.autocast("cpu", torch.bfloat16, enabled=case["bf16"] and not full):
        if case["op"] == "transposed":
            y = convolve_transposed(*leaves, case["stride"], case["pad"])
        else:
            strides = (case["stride"],) * 2
            y = convolve(*leaves, strides, case["pad"], case["dilation"], case["groups"])
    y.backward((torch.rand(y.shape, generator=seed) - 0.4).to(y.dtype))
    return [y.detach().double()] + [t.grad.double() for t in leaves]

torch.set_num_threads(1)
for case in json.load(sys.stdin):
    for _ in range(case["times"]):
        ours = gradients(case, False)
    theirs = gradients(case, True)
    print(max(float((a - b).abs().max() / b.abs().max()) for a, b in zip(ours, theirs)))
"""
PLAIN: dict[str, Any] = {
    "op": "plain", "n": 2, "c": 3, "f": 16, "k": 1, "stride": 2, "pad": 0, "dilation": 1,
    "groups": 1, "size": (32, 32), "bf16": False, "times": 20,
}  # fmt: skip


def errors(cases: list[dict[str, Any]], instructions: str) -> list[float]:
    """The largest share by which an output or gradient of each case is off."""
    environment = os.environ | {"MALLOC_PERTURB_": "85"}
    if instructions:
        environment["ONEDNN_MAX_CPU_ISA"] = instructions
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        input=json.dumps(cases), capture_output=True, text=True, timeout=100, env=environment,
    )  # fmt: skip
    assert not done.returncode, (done.returncode, done.stderr[-500:])
    return [float(line) for line in done.stdout.split()]


@pytest.mark.slow
@pytest.mark.parametrize("instructions", ["AVX2", ""])
def test_1x1_at_a_stride_of_few_channels(instructions: str) -> None:
    shapes = [(c, stride, size) for c in (1, 3, 7, 8) for stride in (2, 3, 4) for size in (8, 32)]
    cases = [PLAIN | {"c": c, "stride": s, "size": (size, size)} for c, s, size in shapes]
    assert max(errors(cases, instructions)) < 1e-5


@pytest.mark.slow
def test_bf16_narrower_than_the_stride_and_dilated_groups() -> None:
    narrow = [
        PLAIN | {"op": op, "k": k, "pad": k // 2, "stride": s, "size": size, "c": 8}
        for op in ("plain", "transposed")
        for k, s, size in [(3, 2, (4, 1)), (3, 2, (1, 1)), (5, 3, (1, 1)), (7, 2, (2, 1))]
    ]
    narrow.append(PLAIN | {"k": 3, "pad": 1, "stride": 3, "size": (3, 2)})
    dilated = [
        PLAIN | {"c": c, "f": f, "groups": g, "k": k, "pad": pad, "dilation": d, "stride": 1}
        for c, f, g, k, d, pad in [
            (6, 6, 6, 2, 2, 0), (8, 4, 2, 3, 2, 2), (12, 4, 2, 3, 4, 4), (17, 17, 17, 3, 4, 4),
        ]
    ]  # fmt: skip
    cases = [case | {"bf16": True, "times": 4} for case in narrow + dilated]
    assert max(errors(cases, "")) < 0.04
