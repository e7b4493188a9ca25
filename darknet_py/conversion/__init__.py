"""A network as a file or program of other libraries: ONNX, TorchScript, torch.export, OpenVINO."""
