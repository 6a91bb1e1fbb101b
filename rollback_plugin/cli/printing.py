"""How commands answer: one JSON document on stdout, or words, by rich where they aren't plain lines; warnings always
on stderr.

What `rollback --help` doesn't need is imported when something is printed.
"""

import json
import os
import shutil
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields, is_dataclass
from datetime import datetime
from enum import Enum
from typing import TYPE_CHECKING

import typer
from msgspec import Struct, structs

from rollback_plugin.errors import RollbackPluginError
from rollback_plugin.stored import Stored, plain

if TYPE_CHECKING:
    from _typeshed import DataclassInstance
    from rich.console import RenderableType

    from rollback_plugin.report.lines import Line, Span

_ATTRIBUTES = ("bold", "dim", "italic")


def print_json(document: Mapping[str, object] | Sequence[object]) -> None:
    """Write one indented JSON document; dataclasses, records and errors become objects, times ISO
    8601."""
    sys.stdout.write(json.dumps(as_plain(document), indent=2) + "\n")


def as_plain(value: object) -> object:
    """The value in JSON's own types."""
    if isinstance(value, Stored):
        return plain(value)
    if isinstance(value, Struct) or (is_dataclass(value) and not isinstance(value, type)):
        return {name: as_plain(each) for name, each in vars_of(value).items()}
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


def vars_of(record: "Struct | DataclassInstance") -> dict[str, object]:
    """The record's fields by name."""
    if isinstance(record, Struct):
        return structs.asdict(record)
    return {field.name: getattr(record, field.name) for field in fields(record)}


def show(renderable: "RenderableType") -> None:
    """Print something of rich to stdout."""
    from rich.console import Console

    Console().print(renderable)


def terminal_width(*, to_stderr: bool = False) -> int | None:
    """How many cells a line of stdout, or stderr, has; None where it is no terminal."""
    stream = sys.stderr if to_stderr else sys.stdout
    return shutil.get_terminal_size().columns if stream.isatty() else None


def show_lines(lines: "Iterable[Line]", *, to_stderr: bool = False) -> None:
    """Print lines to stdout, or stderr: folded, and in their styles, where it is a terminal."""
    from rollback_plugin.report.lines import folded

    width = terminal_width(to_stderr=to_stderr)
    # https://no-color.org
    plain = width is None or bool(os.environ.get("NO_COLOR"))
    parts = (part for each in lines for part in ((each,) if width is None else folded(each, width)))
    texts = [
        "".join([_printable(span.text) if plain or not span.style else _styled(span) for span in part])
        for part in parts
    ]
    if texts:
        # At once: to print a line by itself takes longer than to make it.
        typer.echo("\n".join(texts), err=to_stderr)


def _styled(span: "Span") -> str:
    words = span.style.split()
    colour = next((word for word in words if word not in _ATTRIBUTES), None)
    attributes = {word: True for word in words if word in _ATTRIBUTES}
    return typer.style(_printable(span.text), fg=colour, **attributes)


def _printable(text: str) -> str:
    """Somebody else's words don't control the terminal."""
    return text if text.isprintable() else "".join(sign if sign.isprintable() else " " for sign in text)


def say(words: str, *, to_stderr: bool = False) -> None:
    """Print a sentence, or a text of several lines, to stdout, or stderr."""
    from rollback_plugin.report.lines import line

    show_lines([line(each) for each in words.splitlines()], to_stderr=to_stderr)


def warn(words: str) -> None:
    """Print a warning to stderr."""
    from rich.console import Console
    from rich.text import Text

    Console(stderr=True).print(Text("warning: ", style="yellow").append(words))
