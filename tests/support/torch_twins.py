"""Small networks in plain PyTorch, of the modules that yolov7's programs have, and their cfg."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

import torch
from torch import Tensor, nn

EPSILON = 1e-3


class Conv(nn.Module):
    """Convolution, batch normalisation, activation."""

    def __init__(self, into: int, out: int, size: int = 1, stride: int = 1) -> None:
        super().__init__()
        self.conv = nn.Conv2d(into, out, size, stride, size // 2, bias=False)
        self.bn = nn.BatchNorm2d(out, eps=EPSILON)
        self.act = nn.SiLU()

    def forward(self, x: Tensor) -> Any:
        return self.act(self.bn(self.conv(x)))


class RepConv(nn.Module):
    """The sum of a 3x3, a 1x1 and, where it can be, the input itself."""

    def __init__(self, into: int, out: int) -> None:
        super().__init__()
        self.act = nn.SiLU()
        norm = nn.BatchNorm2d(into, eps=EPSILON) if into == out else None
        self.rbr_identity = norm
        self.rbr_dense = self.branch(into, out, 3)
        self.rbr_1x1 = self.branch(into, out, 1)

    @staticmethod
    def branch(into: int, out: int, size: int) -> nn.Sequential:
        conv = nn.Conv2d(into, out, size, 1, size // 2, bias=False)
        return nn.Sequential(conv, nn.BatchNorm2d(out, eps=EPSILON))

    def forward(self, x: Tensor) -> Any:
        y = self.rbr_dense(x) + self.rbr_1x1(x)
        return self.act(y if self.rbr_identity is None else y + self.rbr_identity(x))


class Concat(nn.Module):
    def forward(self, x: list[Tensor]) -> Tensor:
        return torch.cat(x, 1)


class MP(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.m = nn.MaxPool2d(2, 2)

    def forward(self, x: Tensor) -> Any:
        return self.m(x)


class Bottleneck(nn.Module):
    def __init__(self, channels: int, add: bool = True) -> None:
        super().__init__()
        self.cv1, self.cv2 = Conv(channels, channels), Conv(channels, channels, 3)
        self.add = add

    def forward(self, x: Tensor) -> Any:
        y = self.cv2(self.cv1(x))
        return x + y if self.add else y


class BottleneckCSPC(nn.Module):
    """A branch through bottlenecks beside a plain one; the input is split by two convolutions."""

    def __init__(self, into: int, out: int, count: int) -> None:
        super().__init__()
        half = out // 2
        self.cv1, self.cv2, self.cv3 = Conv(into, half), Conv(into, half), Conv(half, half)
        self.cv4 = Conv(2 * half, out)
        self.m = nn.Sequential(*(Bottleneck(half) for _ in range(count)))

    def forward(self, x: Tensor) -> Any:
        return self.cv4(torch.cat((self.cv3(self.m(self.cv1(x))), self.cv2(x)), 1))


class BottleneckCSPB(nn.Module):
    """The same behind one convolution, whose bottlenecks do not add."""

    def __init__(self, into: int, out: int, count: int) -> None:
        super().__init__()
        self.cv1, self.cv2, self.cv3 = Conv(into, out), Conv(out, out), Conv(2 * out, out)
        self.m = nn.Sequential(*(Bottleneck(out, add=False) for _ in range(count)))

    def forward(self, x: Tensor) -> Any:
        x = self.cv1(x)
        return self.cv3(torch.cat((self.m(x), self.cv2(x)), 1))


class SPPCSPC(nn.Module):
    """A pyramid of poolings beside a plain branch."""

    def __init__(self, into: int, out: int) -> None:
        super().__init__()
        self.cv1, self.cv2 = Conv(into, out), Conv(into, out)
        self.cv3, self.cv4 = Conv(out, out, 3), Conv(out, out)
        self.m = nn.ModuleList(nn.MaxPool2d(size, 1, size // 2) for size in (5, 9, 13))
        self.cv5, self.cv6, self.cv7 = Conv(4 * out, out), Conv(out, out, 3), Conv(2 * out, out)

    def forward(self, x: Tensor) -> Any:
        y = self.cv4(self.cv3(self.cv1(x)))
        y = self.cv6(self.cv5(torch.cat([y, *(pool(y) for pool in self.m)], 1)))
        return self.cv7(torch.cat((y, self.cv2(x)), 1))


class ImplicitA(nn.Module):
    def __init__(self, channels: int) -> None:
        super().__init__()
        self.implicit = nn.Parameter(torch.randn(1, channels, 1, 1))


class ImplicitM(ImplicitA):
    pass


class IDetect(nn.Module):
    """implicit: what is added in front of the convolutions and multiplied behind them."""

    def __init__(self, channels: Sequence[int], implicit: bool = True) -> None:
        super().__init__()
        self.register_buffer("anchors", torch.rand(len(channels), 3, 2))
        sizes = torch.tensor([[4.0, 5], [8, 9], [16, 20]]).reshape(1, 1, 3, 1, 1, 2)
        self.register_buffer("anchor_grid", sizes.repeat(len(channels), 1, 1, 1, 1, 1))
        self.m = nn.ModuleList(nn.Conv2d(into, 21, 1) for into in channels)
        if implicit:
            self.ia = nn.ModuleList(ImplicitA(into) for into in channels)
            self.im = nn.ModuleList(ImplicitM(21) for _ in channels)
        self.implicit = implicit

    def forward(self, x: list[Tensor]) -> list[Tensor]:
        made = []
        for number, value in enumerate(x):
            if self.implicit:
                value = value + self.ia[number].implicit
            y = self.m[number](value)
            made.append(y * self.im[number].implicit if self.implicit else y)
        return made


class Model(nn.Module):
    """modules: each with what it reads, numbers of modules as in yolov7's model files."""

    def __init__(self, modules: Sequence[tuple[int | list[int], nn.Module]]) -> None:
        super().__init__()
        self.model = nn.Sequential(*(module for _, module in modules))
        for number, (source, module) in enumerate(modules):
            module.f, module.i = source, number

    def forward(self, x: Tensor) -> list[Tensor]:
        made: list[Any] = []
        for module in self.model:
            source: Any = module.f
            if isinstance(source, list):
                value = [made[number] for number in source]
            else:
                value = made[source] if made else x
            made.append(module(value))
        return list(made[-1])


CLASSES = {
    "models.common": (Conv, RepConv, Concat, MP, Bottleneck, BottleneckCSPC, BottleneckCSPB)
    + (SPPCSPC, ImplicitA, ImplicitM),
    "models.yolo": (IDetect, Model),
}


def pyramid_twin() -> Model:
    """Fits PYRAMID_CFG, whose routes join in another order."""
    return _random(
        Model(
            [
                (-1, Conv(3, 8, 3, 2)),
                (-1, Conv(8, 8)),
                (-2, Conv(8, 8)),
                (-1, Conv(8, 8, 3)),
                ([-1, -2, -3], Concat()),
                (-1, MP()),
                (-1, SPPCSPC(24, 8)),
                (-1, RepConv(8, 16)),
                (4, RepConv(24, 24)),
                ([8, 7], IDetect((24, 16))),
            ]
        )
    )


def csp_twin() -> Model:
    """Fits CSP_CFG."""
    return _random(
        Model(
            [
                (-1, Conv(3, 8, 3, 2)),
                (-1, Bottleneck(8)),
                (-1, BottleneckCSPC(8, 16, 2)),
                (-1, BottleneckCSPB(16, 8, 1)),
                ([3], IDetect((8,), implicit=False)),
            ]
        )
    )


def _random(model: Model) -> Model:
    """Statistics as after a training; variances so small that the epsilon counts."""
    for module in model.modules():
        if isinstance(module, nn.BatchNorm2d):
            nn.init.uniform_(module.weight, 0.5, 1.5)
            nn.init.normal_(module.bias, 0, 0.3)
            assert module.running_mean is not None and module.running_var is not None
            module.running_mean.normal_(0, 0.3)
            module.running_var.uniform_(1e-4, 1.0)
    return model.eval()


def save_pickled(model: nn.Module, path: Path, **entries: object) -> None:
    """A whole model as those programs save it: by the names of their own modules' classes."""
    modules = {name: ModuleType(name) for name in ("models", *CLASSES)}
    for name, kinds in CLASSES.items():
        for kind in kinds:
            kind.__module__ = name
            setattr(modules[name], kind.__name__, kind)
    sys.modules.update(modules)
    try:
        torch.save({"epoch": 3, "model": model, **entries}, path)
    finally:
        for name in modules:
            del sys.modules[name]
        for kinds in CLASSES.values():
            for kind in kinds:
                kind.__module__ = __name__


def raw_outputs(model: Model, image: Tensor) -> dict[int, Tensor]:
    """What the heads read, after the cfg's logistic, by channels of the grid's width."""
    with torch.no_grad():
        return {y.shape[-1]: torch.sigmoid(y) for y in model(image)}


def _conv(filters: int, size: int = 1, stride: int = 1, activation: str = "swish") -> str:
    norm = "" if activation == "logistic" else "batch_normalize=1\n"
    return (
        f"[convolutional]\n{norm}filters={filters}\nsize={size}\nstride={stride}\npad=1\n"
        f"activation={activation}\n"
    )


def _route(*layers: int) -> str:
    return f"[route]\nlayers={','.join(map(str, layers))}\n"


def _pool(size: int, stride: int = 1) -> str:
    return f"[maxpool]\nsize={size}\nstride={stride}\n"


NET = "[net]\nwidth=64\nheight=64\nchannels=3\n"
HEAD = _conv(21, activation="logistic") + (
    "[yolo]\nmask=0,1,2\nanchors=4,5, 8,9, 16,20\nclasses=2\nnum=3\nnew_coords=1\nscale_x_y=2\n"
)
SHORTCUT = "[shortcut]\nfrom=-3\nactivation=linear\n"
PYRAMID_CFG = "".join(
    [
        NET + _conv(8, 3, 2) + _conv(8) + _route(-2) + _conv(8) + _conv(8, 3),
        _route(1, 3, 4) + _pool(2, 2) + _conv(8) + _route(-2),
        _conv(8) + _conv(8, 3) + _conv(8) + _pool(5) + _route(-2) + _pool(9) + _route(-4),
        _pool(13) + _route(-1, -3, -5, -6) + _conv(8) + _conv(8, 3) + _route(-1, -13) + _conv(8),
        _conv(16, 3) + HEAD + _route(5) + _conv(24, 3) + HEAD,
    ]
)


def _csp_cfg() -> str:
    block = _conv(8) + _conv(8, 3)
    return "".join(
        [
            NET + _conv(8, 3, 2) + block + SHORTCUT,
            _conv(8) + _route(-2) + _conv(8) + 2 * (block + SHORTCUT) + _conv(8) + _route(-1, -10),
            _conv(16) + _conv(8) + _conv(8) + _route(-2) + block + _route(-1, -4) + _conv(8) + HEAD,
        ]
    )


CSP_CFG = _csp_cfg()
