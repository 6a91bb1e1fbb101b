"""Where the demo is watched: lines as things happen, and beneath them what the consumer meets right now."""

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime

from rich.console import Console
from rich.live import Live
from rich.text import Text

from rollback_plugin.demo.consumer import Answer
from rollback_plugin.journal.journal import Journal
from rollback_plugin.report.timeline import Line, Tone, describe

_REFRESH_SECONDS = 0.25
_RECENT_SECONDS = 2.0


class Stage:
    """Prints the timeline; every line carries the seconds since the demo began."""

    def __init__(self, console: Console, clock: Callable[[], datetime]) -> None:
        self._console = console
        self._clock = clock
        self._began = clock()

    @property
    def elapsed_seconds(self) -> float:
        """Seconds since the demo began."""
        return (self._clock() - self._began).total_seconds()

    def headline(self, words: str) -> None:
        """Begin a part of the story."""
        self._console.print(Text(f"\n{words}", style="bold"))

    def say(self, words: str, tone: Tone = Tone.NEUTRAL) -> None:
        """Add a line for what happens now."""
        self.show(Line(self._clock(), words, tone))

    def show(self, line: Line) -> None:
        """Add a line for something that carries its own time."""
        seconds = (line.time - self._began).total_seconds()
        self._console.print(
            Text(f"{seconds:6.1f} s  ", style="dim").append(line.words, style=line.tone.value), soft_wrap=True
        )

    @contextmanager
    def following(self, journal: Journal, answers: Callable[[], tuple[Answer, ...]]) -> Iterator[None]:
        """Until the block ends, print each new journal entry and keep the consumer's line fresh."""
        stopped = threading.Event()

        def follow(live: Live) -> None:
            shown = 0
            while True:
                ending = stopped.wait(_REFRESH_SECONDS)
                entries = journal.entries()
                for entry in entries[shown:]:
                    self.show(describe(entry))
                shown = len(entries)
                live.update(self._consumer_line(answers()), refresh=True)
                if ending:
                    return

        with Live(Text(""), console=self._console, auto_refresh=False, transient=True) as live:
            follower = threading.Thread(target=follow, args=(live,), name="timeline", daemon=True)
            follower.start()
            try:
                yield
            finally:
                stopped.set()
                follower.join()

    def _consumer_line(self, answers: tuple[Answer, ...]) -> Text:
        now = self._clock()
        recent = [a for a in answers[-500:] if (now - a.time).total_seconds() <= _RECENT_SECONDS]
        failed = sum(not a.succeeded for a in recent)
        releases = Counter(a.release for a in recent if a.release)
        line = Text(f"{self.elapsed_seconds:6.1f} s  consumer: {len(answers)} requests; now ", style="dim")
        line.append(", ".join(f"release {name}: {count}" for name, count in sorted(releases.items())))
        return line.append(f", failing: {failed}" if failed else "", style="bold red")
