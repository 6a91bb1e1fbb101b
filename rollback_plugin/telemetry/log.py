"""Log lines as the controller writes them, whoever reads them."""

from enum import StrEnum
from typing import Protocol


class LogFormat(StrEnum):
    """How a log line is written."""

    JSON = "json"
    TEXT = "text"


class Log(Protocol):
    """Takes an event's name (a stable token) and what belongs to it. What is told is no secret."""

    def info(self, event: str, **fields: object) -> object: ...

    def warning(self, event: str, **fields: object) -> object: ...


class _NoLog:
    def info(self, event: str, **fields: object) -> None:
        pass

    def warning(self, event: str, **fields: object) -> None:
        pass


NO_LOG: Log = _NoLog()
"""For nobody."""
