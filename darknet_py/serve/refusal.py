"""Why a request is not answered with what it asks for."""

from __future__ import annotations

from collections.abc import Mapping

from darknet_py.errors import DarknetError


class Refusal(DarknetError):
    """status: of HTTP, 400 to 599. headers: for the answer, such as Retry-After."""

    def __init__(self, status: int, message: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.headers = dict(headers or {})
