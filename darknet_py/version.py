"""The version of this package, apart so that every room can name it."""

__version__ = "0.1.0"
DISTRIBUTION = "darknet-torch"
"""What pip calls it, as setup.cfg says: `darknet-py` on the public index is another project."""
