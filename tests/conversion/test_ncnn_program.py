"""The text and the bytes of ncnn's files."""

from __future__ import annotations

import numpy as np
import torch

from darknet_py.conversion.ncnn_program import NcnnProgram, weight_bytes


def test_a_blob_has_a_copy_for_each_reader() -> None:
    program = NcnnProgram()
    program.name("Input", (), "images", {0: 4, 1: 2, 2: 3})
    program.prefix = "conv_0"
    one = program.add("ReLU", ["images"], {0: 0.1})
    two = program.add("Crop", ["images"], {9: [1], 10: [2], 11: [0]})
    program.name("BinaryOp", [one, two], "sum", {0: 0})
    param, weights = program.files()
    lines = [line.split() for line in param.decode().splitlines()]
    assert lines == [
        ["7767517"],
        ["5", "6"],
        ["Input", "input_0", "0", "1", "images", "0=4", "1=2", "2=3"],
        ["Split", "split_1", "1", "2", "images", "images_copy0", "images_copy1"],
        ["ReLU", "relu_2", "1", "1", "images_copy0", "conv_0_1", "0=1.00000000e-01"],
        [
            "Crop",
            "crop_3",
            "1",
            "1",
            "images_copy1",
            "conv_0_2",
            "-23309=1,1",
            "-23310=1,2",
            "-23311=1,0",
        ],
        ["BinaryOp", "binaryop_4", "2", "1", "conv_0_1", "conv_0_2", "sum", "0=0"],
    ]
    assert weights == b""


def test_weights_follow_in_the_order_of_the_layers() -> None:
    program = NcnnProgram()
    kernel, bias = torch.arange(6.0).reshape(1, 6), torch.tensor([9.0])
    program.add("InnerProduct", ["x"], {}, weight_bytes(kernel, bias))
    program.constant(torch.full((1, 2, 1), 7.0))
    expected = np.array([0, *range(6), 9, 7, 7], "<f4")
    assert program.files()[1] == expected.tobytes()
    assert b"0=1 1=2 2=1" in program.files()[0]
