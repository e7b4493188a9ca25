"""Classifiers at work: predictions, and how often they are right."""
