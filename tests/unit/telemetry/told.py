"""Doubles that keep what they were told."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from rollback_plugin.telemetry.interface import Attribute, Counter, Span, Timing


@dataclass
class Lines:
    """A log."""

    told: list[tuple[str, dict[str, object]]] = field(default_factory=list)

    def info(self, event: str, **fields: object) -> None:
        self.told.append((event, fields))

    def warning(self, event: str, **fields: object) -> None:
        self.told.append((event, fields))


@dataclass
class Told:
    """Telemetry."""

    spans: list[tuple[Span, dict[str, Attribute]]] = field(default_factory=list)
    counted: list[tuple[Counter, dict[str, Attribute]]] = field(default_factory=list)
    recorded: list[tuple[Timing, float]] = field(default_factory=list)

    @contextmanager
    def span(self, name: Span, **attributes: Attribute) -> Iterator[None]:
        yield
        self.spans.append((name, attributes))

    def count(self, counter: Counter, **attributes: Attribute) -> None:
        self.counted.append((counter, attributes))

    def record(self, timing: Timing, seconds: float, **attributes: Attribute) -> None:
        self.recorded.append((timing, seconds))
