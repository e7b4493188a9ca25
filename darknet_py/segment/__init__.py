"""Segmenters at work: the classes of pixels, and the objects they belong to."""
