"""What a command prints as JSON is JSON, whatever it was made of; lines are styled for terminals alone."""

import os
import pty
import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any

import pytest

from rollback_plugin.cli.printing import as_plain, say, show_lines
from rollback_plugin.errors import StoreUnreachable
from rollback_plugin.journal.entries import AlarmState, Released
from rollback_plugin.report.lines import Span, line


@dataclass(frozen=True)
class Record:
    name: str
    inner: object


@pytest.mark.parametrize(
    ("value", "plain"),
    [
        (AlarmState.OK, "OK"),
        (datetime(2026, 3, 1, 3, tzinfo=UTC), "2026-03-01T03:00:00+00:00"),
        ((1, 2.5, None, True, "x"), [1, 2.5, None, True, "x"]),
        ({AlarmState.ALARM: {"a": 1}}, {"ALARM": {"a": 1}}),
        (Record("r", MappingProxyType({"x": (1,)})), {"name": "r", "inner": {"x": [1]}}),
        (Released(version=2), {"event": "released", "version": 2, "explanation": ""}),
        (frozenset({3}), [3]),
        (StoreUnreachable("the bucket is gone"), {"error": "StoreUnreachable", "message": "the bucket is gone"}),
    ],
)
def test_values_become_json(value: object, plain: Any) -> None:
    assert as_plain(value) == plain


def test_what_has_no_json_form_is_refused() -> None:
    with pytest.raises(TypeError, match="object has no JSON form"):
        as_plain(object())


SHOWN = "<all was shown>"


def on_a_terminal(monkeypatch: pytest.MonkeyPatch, show: Callable[[], None]) -> str:
    """What a terminal is sent."""
    ours, theirs = pty.openpty()
    with os.fdopen(theirs, "w") as stdout:
        monkeypatch.setattr(sys, "stdout", stdout)
        monkeypatch.setenv("COLUMNS", "20")
        show()
        stdout.write(SHOWN)
        stdout.flush()
        monkeypatch.undo()
        sent = ""
        # A terminal hands on what it was sent bit by bit.
        while not sent.endswith(SHOWN):
            sent += os.read(ours, 4096).decode()
    os.close(ours)
    return sent.removesuffix(SHOWN).replace("\r\n", "\n")


def test_a_terminal_is_sent_styles(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)

    sent = on_a_terminal(monkeypatch, lambda: show_lines([(Span("3 "), Span("healthy", "bold green"))]))

    assert sent == "3 \x1b[32m\x1b[1mhealthy\x1b[0m\n"


def test_lines_are_folded_to_the_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    sent = on_a_terminal(monkeypatch, lambda: show_lines([line("a sentence of more than twenty")]))

    assert sent == "a sentence of more\nthan twenty\n"


def test_who_wants_no_colour_gets_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")

    assert on_a_terminal(monkeypatch, lambda: show_lines([line("healthy", "green")])) == "healthy\n"


def test_what_is_no_terminal_gets_words_alone(capsys: pytest.CaptureFixture[str]) -> None:
    show_lines([line("a sentence of more than twenty", "green")])

    assert capsys.readouterr().out == "a sentence of more than twenty\n"


def test_the_name_of_an_alarm_controls_no_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    show_lines([line("alarm \x1b[2Jgone")])

    assert capsys.readouterr().out == "alarm  [2Jgone\n"


def test_a_text_of_several_lines_stays_one(capsys: pytest.CaptureFixture[str]) -> None:
    say("  error: the queue\nis\x1b[31m gone [bold]")

    assert capsys.readouterr() == ("  error: the queue\nis [31m gone [bold]\n", "")


def test_what_is_said_beside_a_json_document_is_said_on_stderr(capsys: pytest.CaptureFixture[str]) -> None:
    say("Beginning the rollback.", to_stderr=True)

    assert capsys.readouterr() == ("", "Beginning the rollback.\n")
