"""`python -m darknet_py` is `darknet-py`."""

from darknet_py.cli.main import run

if __name__ == "__main__":
    run()
