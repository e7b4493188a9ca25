"""Darknet's tools on weights files: average, reset, normalize, rgbgr, oneoff, statistics ..."""
