"""What setup.cfg says."""

from __future__ import annotations

from configparser import ConfigParser
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def setup_cfg() -> ConfigParser:
    parser = ConfigParser()
    parser.read(ROOT / "setup.cfg")
    return parser


def package_names(lines: str) -> list[str]:
    """The packages of a list of requirements, one a line."""
    return [line.partition(">")[0] for line in lines.split()]
