"""What moving a service's consumers means, whatever kind the service is."""

from dataclasses import dataclass
from typing import Protocol

from rollback_plugin.versions.service import Service


@dataclass(frozen=True, slots=True)
class TrafficMove:
    """Consumers of `service` were on `before` and are on `after`; equal when they were there already."""

    service: str
    before: str
    after: str

    @property
    def moved(self) -> bool:
        return self.before != self.after


@dataclass(frozen=True, slots=True)
class TrafficStayed:
    """Consumers could not be moved; `why` is a sentence. The engine moves them later."""

    service: str
    why: str


class TrafficRouter(Protocol):
    """Moves consumers of services. Every method raises `CloudError`s when AWS fails."""

    def current(self, service: Service) -> str | None:
        """The version that all consumers of the service are on; None while they are shared between several."""
        ...

    def shift(self, service: Service, to: str) -> TrafficMove | TrafficStayed:
        """Put every consumer on version `to`. Doing it again changes nothing."""
        ...
