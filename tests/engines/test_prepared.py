"""The prepared form of a network computes what the network computes."""

from __future__ import annotations
