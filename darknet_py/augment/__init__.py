"""Augmentation: what training changes about an image and its boxes."""
