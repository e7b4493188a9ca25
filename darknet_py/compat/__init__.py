"""Other programs' Python interfaces on this package: `darknet_py.compat.darknet` is darknet.py."""
