"""The network on OpenVINO's CPU plugin."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import openvino
import torch

from darknet_py.conversion.openvino_file import openvino_core
from darknet_py.engines.devices import require_cpu
from darknet_py.engines.fixed_batch import BatchEngine, BatchProgram
from darknet_py.engines.table import INT8, EngineConfig
from darknet_py.errors import DarknetError
from darknet_py.network.network import Network

DEVICE = "CPU"
TYPES = {"fp32": "f32", "bf16": "bf16", "fp16": "f16", INT8: "f32"}
"""OpenVINO's words; it keeps what follows the last convolutions in float32 with each of them. What
int8 rounds is said by the model itself."""


class OpenVino(BatchEngine):
    """A compiled model for each number of images; one request for each thread that calls."""

    def __init__(self, network: Network, config: EngineConfig) -> None:
        """Raises DarknetError for another device, and for a precision this processor lacks."""
        super().__init__(network, config, require_cpu(config))
        self.core = openvino_core()
        self._require_precision()
        self.properties = {
            "INFERENCE_PRECISION_HINT": TYPES[config.precision],
            "PERFORMANCE_HINT": "LATENCY",
        }
        if config.threads is not None:
            self.properties["INFERENCE_NUM_THREADS"] = str(config.threads)

    @classmethod
    def offers(cls) -> dict[str, tuple[str, ...]]:
        return {"cpu": _precisions(openvino_core())}

    def _require_precision(self) -> None:
        """Without the instructions OpenVINO would compute in float32 and not say so."""
        has = _precisions(self.core)
        if self.config.precision not in has:
            what = f"precision {self.config.precision} of engine openvino"
            raise DarknetError(f"{what}: this processor has {', '.join(has)}")

    def make(self, batch: int) -> BatchProgram:
        compiled = self._compiled(batch)
        outputs = range(len(compiled.outputs))
        local = threading.local()

        def run(x: torch.Tensor) -> list[torch.Tensor]:
            request = getattr(local, "request", None)
            if request is None:
                request = local.request = compiled.create_infer_request()
            request.set_input_tensor(openvino.Tensor(x.numpy(), shared_memory=True))
            request.infer(share_inputs=True, share_outputs=True)
            # The request's own memory is written again by its next call.
            return [torch.from_numpy(request.get_output_tensor(n).data.copy()) for n in outputs]

        return run

    def _compiled(self, batch: int) -> Any:
        """The model compiled now, or as it was kept on disk for this processor."""
        made = []

        def write(path: Path) -> None:
            made.append(self.core.compile_model(self._model(batch), DEVICE, self.properties))
            path.write_bytes(made[0].export_model().getvalue())

        name = self.core.get_property(DEVICE, "FULL_DEVICE_NAME")
        words = ["openvino", openvino.__version__, name, batch, *sorted(self.properties.items())]
        words += self.precision_words
        path = self.files.get(words, ".blob", write)
        return (
            made[0] if made else self.core.import_model(path.read_bytes(), DEVICE, self.properties)
        )

    def _model(self, batch: int) -> Any:
        return self.core.read_model(self.onnx(batch))


def _precisions(core: Any) -> tuple[str, ...]:
    """Those this processor has instructions for."""
    able = core.get_property(DEVICE, "OPTIMIZATION_CAPABILITIES")
    return tuple(name for name in TYPES if name.upper() in able)
