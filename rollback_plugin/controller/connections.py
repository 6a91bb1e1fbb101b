"""Stores, backends and clients, one of each however many stacks one process works on: a client of AWS takes megabytes,
and a tenth of a second to make."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from rollback_plugin.backend.history import Backend, open_backend
from rollback_plugin.cloud.clients import AwsClients
from rollback_plugin.cloud.time import CloudTime
from rollback_plugin.store import ObjectStore, open_store

if TYPE_CHECKING:
    import httpx


class Connections:
    """What was opened from one environment; each is opened when it is first asked for."""

    def __init__(self, environ: Mapping[str, str], clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        """clock: this machine's, right or wrong."""
        self.cloud_time = CloudTime(clock)
        """Hears of the time from all of them."""
        self._environ = environ
        self._stores: dict[str, ObjectStore] = {}
        self._backends: dict[str, Backend] = {}
        self._clients: dict[tuple[str | None, str | None], AwsClients] = {}
        self._http: httpx.Client | None = None

    def store(self, url: str) -> ObjectStore:
        """Raises as `open_store` does."""
        if url not in self._stores:
            self._stores[url] = open_store(url, self._environ, self.cloud_time.listen_to)
        return self._stores[url]

    def backend(self, url: str) -> Backend:
        """Raises as `open_backend` does."""
        if url not in self._backends:
            self._backends[url] = open_backend(url, self._environ)
        return self._backends[url]

    def clients(self, profile: str | None = None, default_region: str | None = None) -> AwsClients:
        """The clients of a profile (None: the environment's own keys), for what names no region in `default_region`."""
        key = (profile, default_region)
        if key not in self._clients:
            self._clients[key] = AwsClients(
                self._environ,
                profile=profile,
                default_region=default_region,
                on_client=self.cloud_time.listen_to,
            )
        return self._clients[key]

    def http(self) -> httpx.Client:
        """For what isn't AWS. An answer is waited for ten seconds."""
        if self._http is None:
            import httpx

            self._http = httpx.Client(timeout=httpx.Timeout(10.0, connect=5.0))
        return self._http
