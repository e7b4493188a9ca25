"""The network on onnxruntime: its CPU or its CUDA kernels."""

from __future__ import annotations

from typing import Any, ClassVar

import onnxruntime
import torch

from darknet_py.engines.devices import checked_device, device_types
from darknet_py.engines.fixed_batch import BatchEngine, BatchProgram
from darknet_py.engines.table import INT8, EngineConfig
from darknet_py.errors import DarknetError
from darknet_py.network.network import Network

ERRORS_ONLY = 3
PACKAGES = {"CUDAExecutionProvider": "onnxruntime-gpu", "TensorrtExecutionProvider": "tensorrt"}


class OnnxRuntime(BatchEngine):
    """A session for each number of images."""

    PROVIDERS: ClassVar[dict[str, str]] = {
        "cpu": "CPUExecutionProvider",
        "cuda": "CUDAExecutionProvider",
    }
    PRECISIONS: ClassVar[tuple[str, ...]] = ("fp32",)
    ON_CPU: ClassVar[tuple[str, ...]] = (INT8,)
    """Beside those, where the device is the CPU."""

    def __init__(self, network: Network, config: EngineConfig) -> None:
        """Raises DarknetError for a device this onnxruntime has no kernels for."""
        device = checked_device(config.device)
        if config.precision in self.ON_CPU and device.type != "cpu":
            what = f"precision {config.precision} of engine {config.engine}"
            raise DarknetError(f"{what} is for cpu, not for '{device}'")
        self.provider = self._provider(device, config.engine)
        super().__init__(network, config, device)

    @classmethod
    def offers(cls) -> dict[str, tuple[str, ...]]:
        able = onnxruntime.get_available_providers()
        here = [device for device in device_types() if cls.PROVIDERS.get(device) in able]
        more = {"cpu": cls.ON_CPU}
        return {device: (*cls.PRECISIONS, *more.get(device, ())) for device in here}

    def _provider(self, device: torch.device, engine: str) -> str:
        provider = self.PROVIDERS.get(device.type)
        if provider is None:
            known = ", ".join(self.PROVIDERS)
            raise DarknetError(f"engine {engine} cannot run on '{device}', only on {known}")
        if provider not in onnxruntime.get_available_providers():
            cure = f"pip install {PACKAGES.get(provider, 'onnxruntime')}"
            raise DarknetError(f"this onnxruntime has no {provider}; {cure}")
        return provider

    def options(self) -> dict[str, Any]:
        """What the provider is told besides the model."""
        return {} if self.device.type == "cpu" else {"device_id": self.device.index or 0}

    def make(self, batch: int) -> BatchProgram:
        options = onnxruntime.SessionOptions()
        options.log_severity_level = ERRORS_ONLY
        if self.config.threads is not None:
            options.intra_op_num_threads = self.config.threads
        providers = [(self.provider, self.options())]
        session = onnxruntime.InferenceSession(str(self.onnx(batch)), options, providers=providers)
        if session.get_providers()[0] != self.provider:
            raise DarknetError(f"{self.provider} does not start; onnxruntime has said why above")
        return _on_host(session) if self.device.type == "cpu" else self._on_device(session)

    def _on_device(self, session: Any) -> BatchProgram:
        """Inputs and outputs stay in the device's memory."""
        (entry,), outputs = session.get_inputs(), session.get_outputs()
        kind, number = self.device.type, self.device.index or 0

        def run(x: torch.Tensor) -> list[torch.Tensor]:
            heads = [x.new_empty(output.shape) for output in outputs]
            torch.cuda.synchronize(self.device)
            binding = session.io_binding()
            for bind, name, tensor in [
                (binding.bind_input, entry.name, x),
                *((binding.bind_output, o.name, y) for o, y in zip(outputs, heads, strict=True)),
            ]:
                bind(name, kind, number, "float32", tuple(tensor.shape), tensor.data_ptr())
            session.run_with_iobinding(binding)
            binding.synchronize_outputs()
            return heads

        return run


def _on_host(session: Any) -> BatchProgram:
    name = session.get_inputs()[0].name
    names = [output.name for output in session.get_outputs()]

    def run(x: torch.Tensor) -> list[torch.Tensor]:
        return [torch.from_numpy(y) for y in session.run(names, {name: x.numpy()})]

    return run
