"""A real inventory service on loopback, in a process of its own.

The services that ask it give it a second, and a test's own process can be busier than that: an AWS is embedded there.
"""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import httpx

from tests.components import inventory_process
from tests.components.inventory_process import IN_STOCK, ORDERS


@dataclass(frozen=True)
class Inventory:
    """An inventory service that answers what the test says; until then, that there is enough."""

    url: str

    def answer(self, status: int = 200, body: str = IN_STOCK) -> None:
        """Answer so from now on."""
        httpx.put(self.url + ORDERS, json={"status": status, "body": body}).raise_for_status()

    @property
    def asked(self) -> list[str]:
        """The paths that it was asked for."""
        asked: list[str] = httpx.get(self.url + ORDERS).raise_for_status().json()
        return asked


@contextmanager
def served_inventory() -> Iterator[Inventory]:
    """Serve an inventory on a free port until the block ends."""
    with subprocess.Popen(
        [sys.executable, inventory_process.__file__], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        url = process.stdout.readline().strip()
        assert url, "the inventory didn't start"
        try:
            yield Inventory(url)
        finally:
            process.stdin.close()
