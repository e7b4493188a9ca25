"""`nightmare`: what a step does to an image."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from click.testing import CliRunner

from darknet_py.cli.main import main
from darknet_py.network.network import Network
from darknet_py.options.visualizing import NightmareOptions
from darknet_py.visualize.dream_images import cropped, normalized, pull_of_neighbours, rotated
from darknet_py.visualize.nightmare import Dream

CFG = """[net]
width=8
height=8
channels=3
[convolutional]
filters=4
size=3
pad=1
activation=leaky
[convolutional]
filters=2
size=3
pad=1
activation=leaky
[maxpool]
size=2
stride=2
[connected]
output=3
activation=linear
"""
RNG = np.random.default_rng(1)
IMAGE = RNG.uniform(0.3, 0.7, (3, 16, 12)).astype(np.float32)
OPTIONS = NightmareOptions(cfg="a.cfg", weights="a.weights", image="a.png", layer=1)


@pytest.fixture
def cfg(tmp_path: Path) -> Path:
    path = tmp_path / "a.cfg"
    path.write_text(CFG)
    return path


def dream_of(cfg: Path, fork: str = "alexeyab", gain: float = 1.0, **changes: object) -> Dream:
    """gain: on the weights of layer 1, so that its outputs stand out of -reconstruct's noise."""
    network = Network.from_cfg(cfg, fork=fork)
    network.reset(seed=4)
    with torch.no_grad():
        network.own(1)["weights"].mul_(gain)
    network.requires_grad_(False)
    options = replace(OPTIONS, **changes)  # type: ignore[arg-type]
    return Dream(network, options, IMAGE.copy(), np.random.default_rng(0), torch.device("cpu"))


def activity(dream: Dream, image: np.ndarray) -> float:
    network = dream.network.resized(image.shape[2], image.shape[1], end=2)
    with torch.no_grad():
        return float(network(torch.from_numpy(image)[None])[0].square().sum())


def test_steps_excite_the_layer(cfg: Path) -> None:
    """Also though a layer behind it could not be resized."""
    dream = dream_of(cfg)
    for _ in range(5):
        dream.step()
    assert dream.image.shape == IMAGE.shape
    assert dream.image.min() >= 0 and dream.image.max() <= 1
    assert activity(dream, dream.image) > 1.2 * activity(dream, IMAGE)


def test_step_is_the_gradient_of_the_high_outputs(cfg: Path) -> None:
    """By hand for one octave: shift, mirror, gradient, and all of it undone."""
    dream = dream_of(cfg, octaves=1, norm=0, rate=0.5)
    dream.step()
    rng = np.random.default_rng(0)
    dx, dy = rng.integers(-8, 8, 2)
    mirrored = rng.integers(2)
    rows = np.clip(np.arange(16) + dy, 0, 15)
    columns = np.clip(np.arange(12) + dx, 0, 11)
    shifted = IMAGE[:, rows][:, :, columns]
    x = torch.from_numpy((shifted[..., ::-1] if mirrored else shifted).copy())[None]
    x.requires_grad_()
    network = dream.network.resized(12, 16, end=2)
    output = network(x)[0]
    high = output.detach() > output.mean() + output.std(correction=0)
    (output.detach() * high * output).sum().backward()
    assert x.grad is not None
    gradient = x.grad[0].numpy()
    gradient = gradient[..., ::-1] if mirrored else gradient
    rows, columns = np.clip(np.arange(16) - dy, 0, 15), np.clip(np.arange(12) - dx, 0, 11)
    expected = np.clip(IMAGE + 0.5 * gradient[:, rows][:, :, columns], 0, 1)
    np.testing.assert_allclose(dream.image, expected, atol=1e-6)


def test_pjreddies_program_pulls_towards_grey(cfg: Path) -> None:
    ours, theirs = (dream_of(cfg, fork, norm=0, rate=1.0) for fork in ("alexeyab", "pjreddie"))
    ours.step()
    theirs.step()
    np.testing.assert_allclose(theirs.image - ours.image, 0.1 * (0.5 - IMAGE), atol=1e-6)


def test_reconstruction_comes_nearer_to_what_the_network_saw(tmp_path: Path) -> None:
    path = tmp_path / "r.cfg"
    path.write_text(CFG.split("[maxpool]", maxsplit=1)[0])
    dream = dream_of(path, gain=8.0, reconstruct=True, rate=0.001, smoothing=0.0)
    assert dream.features is not None and not np.allclose(dream.image, IMAGE)

    def distance() -> float:
        network = dream.network.resized(12, 16)
        with torch.no_grad():
            seen = network(torch.from_numpy(dream.image)[None])[0]
        return float((seen - dream.features).square().sum())

    before = distance()
    for _ in range(20):
        dream.step()
    assert distance() < 0.5 * before


def test_crop_goes_on_with_the_edge() -> None:
    image = np.arange(6, dtype=np.float32).reshape(1, 2, 3)
    assert cropped(image, -1, 1, 3, 2).tolist() == [[[3, 3, 4], [3, 3, 4]]]


def test_quarter_turn() -> None:
    """C turns around (w/2, h/2): of an odd side a row comes from beyond the image."""
    image = np.arange(16, dtype=np.float32).reshape(1, 4, 4)
    turned = rotated(image, np.pi / 2)[0]
    assert turned[2, 2] == pytest.approx(image[0, 2, 2], abs=1e-4)
    assert turned[1, 2] == pytest.approx(image[0, 2, 3], abs=1e-4)
    assert turned[0, 0] == pytest.approx(0, abs=1e-3)  # from column 4, which is not there


def test_values_that_are_alike_stay_finite() -> None:
    assert not normalized(np.full((1, 2, 2), 3, np.float32)).any()
    values = normalized(np.array([[[1, 2, 3, 6]]], np.float32))
    assert values.mean() == pytest.approx(0, abs=1e-6) and values.std() == pytest.approx(1)


def test_neighbours_pull() -> None:
    image = np.array([[[1, 2], [4, 8]]], np.float32)
    assert pull_of_neighbours(image, 1).tolist() == [[[11, 7], [-1, -17]]]
    assert not pull_of_neighbours(image, 0).any()


def test_zoom_takes_the_middle(cfg: Path) -> None:
    dream = dream_of(cfg, zoom=0.5)
    dream.end_round()
    middle = IMAGE[:, 4:12, 3:9]
    np.testing.assert_allclose(dream.image[:, 0, 0], middle[:, 0, 0], atol=1e-6)
    np.testing.assert_allclose(dream.image[:, -1, -1], middle[:, -1, -1], atol=1e-6)


def saved(cfg: Path) -> list[str]:
    network = Network.from_cfg(cfg)
    network.reset(seed=1)
    network.save_weights(cfg.with_suffix(".weights"))
    image = cfg.with_name("dog.v2.png")
    cv2.imwrite(str(image), RNG.integers(0, 256, (16, 12, 3), np.uint8))
    return ["nightmare", str(cfg), str(cfg.with_suffix(".weights")), str(image)]


def test_command_writes_a_picture_a_round(cfg: Path, tmp_path: Path) -> None:
    words = [*saved(cfg), "1", "-rounds", "2", "-iters", "3", "-prefix", str(tmp_path)]
    result = CliRunner().invoke(main, words)
    assert result.exit_code == 0, result.output
    names = [str(tmp_path / f"dog_a_1_{number:06d}.jpg") for number in range(2)]
    assert result.stdout.splitlines() == [f"{number} {name}" for number, name in enumerate(names)]
    assert result.stderr == "Iteration: 0, 1, 2, done\n" * 2
    assert all(cv2.imread(name).shape == (16, 12, 3) for name in names)


def test_layer_that_is_not_there(cfg: Path) -> None:
    result = CliRunner().invoke(main, [*saved(cfg), "9"])
    assert result.exit_code == 1
    assert result.stderr.endswith("a.cfg: no layer 9, expected one of 0 to 3\n")


def test_layer_is_needed_but_for_reconstruct(cfg: Path, tmp_path: Path) -> None:
    words = saved(cfg)
    refused = CliRunner().invoke(main, words)
    assert refused.exit_code == 2 and "LAYER is missing" in refused.stderr
    (tmp_path / "r.cfg").write_text(CFG.split("[connected]", maxsplit=1)[0])
    network = Network.from_cfg(tmp_path / "r.cfg")
    network.reset(seed=1)
    network.save_weights(tmp_path / "r.weights")
    words[1:3] = [str(tmp_path / "r.cfg"), str(tmp_path / "r.weights")]
    words += ["-reconstruct", "-iters", "2", "-prefix", str(tmp_path)]
    result = CliRunner().invoke(main, words)
    assert result.exit_code == 0, result.output
    assert result.stdout == f"96 features\n0 {tmp_path / 'dog_r_0_000000.jpg'}\n"
