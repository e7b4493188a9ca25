"""Environment variables, without what is secret."""

from __future__ import annotations

import pytest

from darknet_py.doctor.environment import environment, without_password


def test_what_is_set() -> None:
    variables = {
        "DARKNET_PY_TOKEN": "a-secret",
        "DARKNET_PY_CACHE": "/cache",
        "OMP_NUM_THREADS": "4",
        "HTTPS_PROXY": "http://me:word@proxy:3128",
        "no_proxy": "localhost",
        "AWS_SECRET": "no",
        "HOME": "/home/me",
    }
    found = environment(variables)
    assert found.facts == {
        "darknet_py": {"DARKNET_PY_CACHE": "/cache", "DARKNET_PY_TOKEN": "set, not shown"},
        "others": {"OMP_NUM_THREADS": "4"},
        "proxies": {"HTTPS_PROXY": "http://***@proxy:3128", "no_proxy": "localhost"},
    }


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("proxy:3128", "proxy:3128"),
        ("me:word@proxy:3128", "***@proxy:3128"),
        ("socks5://me:a@b://c@proxy", "socks5://***@proxy"),
        ("http://me:p/w@proxy:1/", "http://***@proxy:1/"),
        ("me:a://b@proxy", "***@proxy"),
        ("", ""),
    ],
)
def test_addresses_lose_their_passwords(address: str, shown: str) -> None:
    assert without_password(address) == shown
