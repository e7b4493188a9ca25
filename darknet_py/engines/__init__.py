"""The programs a network can run on: torch, and engines that are installed as extras."""
