"""`rollback status --all`: every stack of a store, once or live."""

import json
import os
import sys
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from rollback_plugin.cli.options import Output
from rollback_plugin.cli.printing import as_plain, print_json, show, vars_of, warn
from rollback_plugin.cli.session import now
from rollback_plugin.cli.stopping import stop_on_signal
from rollback_plugin.errors import RollbackPluginError

if TYPE_CHECKING:
    from rollback_plugin.journal.overview import Glance, Overview

READERS = 16
"""Journals read at the same time."""


def show_all(stack: str | None, folder: Path, output: Output, refresh_seconds: float | None) -> None:
    """Print the table, or, every `refresh_seconds`, show it anew until Ctrl-C. Raises what finding and opening the
    store raise."""
    from concurrent.futures import ThreadPoolExecutor

    from rollback_plugin.backend.project import known_store
    from rollback_plugin.journal.overview import Overview
    from rollback_plugin.report.glances import glances_table
    from rollback_plugin.store import open_store

    store = open_store(known_store(folder.resolve(), stack, os.environ), os.environ)
    with ThreadPoolExecutor(READERS, thread_name_prefix="overview") as executor:
        overview = Overview(store, now, executor)
        if refresh_seconds is not None:
            _watch(overview, output, refresh_seconds)
        elif output is Output.JSON:
            print_json(_rows(overview.read()))
        else:
            show(glances_table(overview.read()))


def _watch(overview: "Overview", output: Output, refresh_seconds: float) -> None:
    looks = _looks(overview, refresh_seconds, stop_on_signal())
    if output is Output.TEXT:
        _live(looks, refresh_seconds)
        return
    for look in looks:
        if isinstance(look, RollbackPluginError):
            warn(str(look))
        else:
            sys.stdout.write(json.dumps(as_plain(_rows(look))) + "\n")
            sys.stdout.flush()


def _looks(
    overview: "Overview", refresh_seconds: float, stop: threading.Event
) -> "Iterator[Sequence[Glance] | RollbackPluginError]":
    """One look after the other. A store that can't be asked at first is an error; later it may come back."""
    yield overview.read()
    while not stop.wait(refresh_seconds):
        try:
            yield overview.read()
        except RollbackPluginError as error:
            yield error


def _live(looks: "Iterator[Sequence[Glance] | RollbackPluginError]", refresh_seconds: float) -> None:
    from rich.console import Group, RenderableType
    from rich.live import Live
    from rich.text import Text

    from rollback_plugin.report.glances import glances_table

    shown: RenderableType = Text("")
    with Live(shown, auto_refresh=False) as live:
        for look in looks:
            if isinstance(look, RollbackPluginError):
                # What was read last stays in sight.
                note = Text(f"{now():%H:%M:%S} UTC: {look}", style="red")
            else:
                shown = glances_table(look)
                note = Text(f"{now():%H:%M:%S} UTC, every {refresh_seconds:g} s", style="dim")
            live.update(Group(shown, note), refresh=True)


def _rows(glances: "Sequence[Glance]") -> list[dict[str, object]]:
    return [{**vars_of(row), "stack": str(row.stack)} for row in glances]
