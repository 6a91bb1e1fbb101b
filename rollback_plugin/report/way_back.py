"""The way back of a version, for people."""

from collections.abc import Iterator

from rollback_plugin.journal.entries import Planned
from rollback_plugin.journal.reversibility import Reversibility
from rollback_plugin.report.lines import Line, Span, line

STYLES = {
    Reversibility.REVERSIBLE: "green",
    Reversibility.REVERSIBLE_BUT: "yellow",
    Reversibility.ONE_WAY: "bold red",
    Reversibility.UNKNOWN: "yellow",
}

_SHORT = {
    Reversibility.REVERSIBLE: "yes",
    Reversibility.REVERSIBLE_BUT: "yes, but",
    Reversibility.ONE_WAY: "none",
    Reversibility.UNKNOWN: "unknown",
}


def way_back_view(planned: Planned) -> Iterator[Line]:
    """A sentence, and the reasons below it."""
    style = STYLES[planned.verdict]
    yield line(_sentence(planned), style)
    for reason in planned.reasons:
        yield line(f"  - {reason}", style)


def way_back_in_short(planned: Planned | None) -> Span:
    """The verdict, for a narrow column."""
    return Span("") if planned is None else Span(_SHORT[planned.verdict], STYLES[planned.verdict])


def _sentence(planned: Planned) -> str:
    match planned.verdict:
        case Reversibility.REVERSIBLE:
            return f"Way back to version {planned.target}: reversible."
        case Reversibility.REVERSIBLE_BUT:
            return f"Way back to version {planned.target}: reversible, but:"
        case Reversibility.ONE_WAY:
            return f"Version {planned.version} can't be undone, because:"
        case Reversibility.UNKNOWN:
            return f"Whether version {planned.version} can be undone could not be worked out:"
