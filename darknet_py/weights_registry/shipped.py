"""Files of cfg/ and data/ that the registry names: inside an installed package, or in a checkout.

Installing copies them into the package (setup.py), because cfg/ and data/ stay behind.
"""

from __future__ import annotations

from pathlib import Path

from darknet_py.errors import DarknetError
from darknet_py.weights_registry.registry import RegistryFile

HERE = Path(__file__).parent
PLACES = (HERE / "shipped", HERE.parents[1])
"""Where `cfg/NAME.cfg` and `data/NAME.names` may lie: the package's own copy comes first."""


def shipped_path(file: RegistryFile) -> Path:
    """Raises DarknetError for one that is missing."""
    for place in PLACES:
        if (place / file.shipped).is_file():
            return place / file.shipped
    raise DarknetError(
        f"{file.shipped}: is missing in this installation; install this package again"
    )


def shipped_cfg(name: str) -> Path | None:
    """cfg/NAME.cfg of this repository, also of networks that have no published weights."""
    if Path(name).name != name:
        return None
    files = (place / "cfg" / f"{name}.cfg" for place in PLACES)
    return next((file for file in files if file.is_file()), None)


def shipped_names() -> list[str]:
    """The names of all cfg files that come along."""
    return sorted({file.stem for place in PLACES for file in (place / "cfg").glob("*.cfg")})
