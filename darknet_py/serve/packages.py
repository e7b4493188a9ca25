"""The packages of the extra [serve]."""

from __future__ import annotations

from importlib.util import find_spec

from darknet_py.errors import DarknetError

PACKAGES = {
    "starlette": "starlette",
    "uvicorn": "uvicorn",
    "python_multipart": "python-multipart",
    "prometheus_client": "prometheus-client",
}
"""Module -> what pip calls it."""


def require_packages() -> None:
    """Raises DarknetError when one is missing."""
    missing = [name for module, name in PACKAGES.items() if find_spec(module) is None]
    if missing:
        words = " ".join(missing)
        raise DarknetError(f"serving needs {', '.join(missing)}; pip install {words}")
