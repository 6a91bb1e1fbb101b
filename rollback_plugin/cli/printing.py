"""How commands answer: one JSON document on stdout, or rich text; warnings always on stderr.

What `rollback --help` doesn't need is imported when something is printed.
"""

import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass
from datetime import datetime
from enum import Enum
from typing import TYPE_CHECKING

from rollback_plugin.errors import RollbackPluginError

if TYPE_CHECKING:
    from rich.console import RenderableType


def print_json(document: Mapping[str, object] | Sequence[object]) -> None:
    """Write one indented JSON document; dataclasses, models and errors become objects, times ISO
    8601."""
    sys.stdout.write(json.dumps(as_plain(document), indent=2) + "\n")


def as_plain(value: object) -> object:
    """The value in JSON's own types."""
    from pydantic import BaseModel

    if isinstance(value, BaseModel):
        return value.model_dump(mode="json")
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: as_plain(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, Mapping):
        return {str(as_plain(key)): as_plain(item) for key, item in value.items()}
    if isinstance(value, RollbackPluginError):
        return {"error": type(value).__name__, "message": str(value)}
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, Enum):
        return as_plain(value.value)
    if isinstance(value, str | int | float) or value is None:
        return value
    if isinstance(value, Sequence | set | frozenset):
        return [as_plain(item) for item in value]
    raise TypeError(f"{type(value).__name__} has no JSON form")


def show(renderable: "RenderableType") -> None:
    """Print something of rich to stdout."""
    from rich.console import Console

    Console().print(renderable)


def say(words: str) -> None:
    """Print a sentence to stdout; brackets in it are no markup."""
    from rich.console import Console
    from rich.text import Text

    Console().print(Text(words))


def warn(words: str) -> None:
    """Print a warning to stderr."""
    from rich.console import Console
    from rich.text import Text

    Console(stderr=True).print(Text("warning: ", style="yellow").append(words))
