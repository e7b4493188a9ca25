"""The network: a graph of layers, its tensors and their file, its costs and its faults."""
