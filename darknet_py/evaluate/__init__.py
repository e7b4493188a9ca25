"""Evaluation: what a network finds against what is there."""
