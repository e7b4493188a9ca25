"""Drawn data sets: labelled images that cost nothing and are ours."""
