"""Classifiers and regressors at work: what they say, and how often classifiers are right."""
