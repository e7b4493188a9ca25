"""Weights between Darknet's files and those of PyTorch programs of the same networks."""
