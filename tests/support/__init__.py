"""Helpers of the tests: literal loops, small networks, small data sets, small trainings."""
