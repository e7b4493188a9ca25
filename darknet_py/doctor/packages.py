"""Versions of the packages, by what pip knows of them: importing all would take seconds."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version

from darknet_py.doctor.needed_packages import NEEDED, failures
from darknet_py.doctor.section import Examined, Fact

OPENCVS = (
    "opencv-python",
    "opencv-python-headless",
    "opencv-contrib-python",
    "opencv-contrib-python-headless",
)
"""All of them bring the module cv2."""
OPTIONAL = {
    "onnx": "export --format onnx",
    "onnxruntime": "--engine onnxruntime",
    "onnxruntime-gpu": "--engine onnxruntime or tensorrt on CUDA",
    "openvino": "--engine openvino",
    "tensorrt": "--engine tensorrt",
    "ncnn": "--engine ncnn, export --format ncnn --verify",
    "MNN": "--engine mnn",
    "safetensors": "export --format safetensors",
    "matplotlib": "results.png of trainings, compare runs, map --curves, benchmark --chart",
    "tensorboard": "train --tensorboard",
    "wandb": "train --logger wandb",
    "mlflow": "train --logger mlflow",
    "clearml": "train --logger clearml",
    "trackers": "--track",
    "pyyaml": "data.yaml",
    "ray": "darknet_py.ray_worker",
    "pyarrow": "darknet_py.ray_worker",
    "starlette": "serve",
    "uvicorn": "serve",
    "python-multipart": "serve",
    "prometheus-client": "serve",
    "pillow": "images of PIL's",
    "pandas": "Result.to_df",
    "supervision": "Result.to_supervision",
}
"""What need not be there -> what it is for."""


def packages() -> Examined:
    """None for those that are not installed."""
    needed: dict[str, Fact] = {name: _version(name) for name in NEEDED.values()}
    opencvs: dict[str, Fact] = {name: known for name in OPENCVS if (known := _version(name))}
    if opencvs:
        needed = {name: known for name, known in needed.items() if name not in OPENCVS}
    optional: dict[str, Fact] = {name: _version(name) for name in OPTIONAL}
    missing: list[Fact] = [name for name, known in optional.items() if known is None]
    facts: dict[str, Fact] = {
        "needed": needed | opencvs,
        "optional": {name: known for name, known in optional.items() if known is not None},
        "not_installed": missing,
    }
    return Examined(facts, tuple(failures().values()), tuple(_twice(list(opencvs))))


def _twice(opencvs: list[str]) -> list[str]:
    """Each overwrites the files of the other."""
    if len(opencvs) < 2:
        return []
    cure = f"pip uninstall {' '.join(opencvs)}, then install one of them"
    return [f"{' and '.join(opencvs)} lie over each other; {cure}"]


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None
