"""Commands by which people answer and restrain the controller: `rollback approve`, `deny`, `freeze` and `unfreeze`."""

from dataclasses import replace
from datetime import datetime
from typing import Annotated

import typer

from rollback_plugin.cli import session
from rollback_plugin.cli.asking import ask, report, somebody_to_ask
from rollback_plugin.cli.options import (
    HERE,
    LOCK_TIMEOUT_SECONDS,
    FolderOption,
    LockTimeoutOption,
    Output,
    OutputOption,
    StackOption,
    YesOption,
)
from rollback_plugin.cli.printing import print_json, say, show
from rollback_plugin.cli.progress import progress_printer
from rollback_plugin.cli.reporting import reported
from rollback_plugin.errors import InvalidConfiguration

WhyOption = Annotated[str, typer.Option("--why", help="Kept in the journal, and told in the notice.")]


def approve(
    why: WhyOption = "",
    yes: YesOption = False,
    lock_timeout: LockTimeoutOption = LOCK_TIMEOUT_SECONDS,
    stack: StackOption = None,
    folder: FolderOption = HERE,
    output: OutputOption = Output.TEXT,
) -> None:
    """Say yes to the rollback or recovery that you are asked about, and do it.

    Shows first what it would do.
    """
    from rollback_plugin.controller.consent import Consent
    from rollback_plugin.report.plan_view import plan_view

    with reported(None) as reporting:
        controller = session.open_stack(stack, folder, reporting)
        operator = session.telling(controller.operator, progress_printer(output), lock_timeout)
        consent = Consent(replace(controller, operator=operator))
        question = consent.question()
        if not yes:
            if somebody_to_ask(output):
                say(question.asked.explanation)
                show(plan_view(*consent.plan(question)))
            ask(f"Apply version {question.asked.target} to {controller.stack}?", output)
        report(consent.approve(question, why), output)


def deny(
    why: WhyOption = "",
    yes: YesOption = False,
    stack: StackOption = None,
    folder: FolderOption = HERE,
    output: OutputOption = Output.TEXT,
) -> None:
    """Say no to the rollback or recovery that you are asked about.

    It isn't asked again until the next deploy, unless further alarms speak for it.
    """
    from rollback_plugin.controller.consent import Consent

    with reported(None) as reporting:
        controller = session.open_stack(stack, folder, reporting)
        consent = Consent(controller)
        question = consent.question()
        asked = question.asked
        if not yes:
            ask(f"Deny the {asked.kind} of {controller.stack} to version {asked.target}?", output)
        consent.deny(question, why)
    if output is Output.JSON:
        print_json({"denied": asked.kind, "version": asked.version, "target": asked.target})
    else:
        say(f"Denied: {controller.stack} stays as it is.")


def freeze(
    until: Annotated[
        str | None, typer.Option("--until", help="A date and time with its offset, like 2026-12-24T18:00+01:00.")
    ] = None,
    why: WhyOption = "",
    yes: YesOption = False,
    stack: StackOption = None,
    folder: FolderOption = HERE,
    output: OutputOption = Output.TEXT,
) -> None:
    """Keep the controller from doing anything to the stack or its consumers, until a date or until `unfreeze`.

    It goes on to watch, and says what it would do. `undo` and `recover` still work.
    """
    from rollback_plugin.journal.entries import FreezeBegan

    ends_at = None if until is None else _moment(until, session.now())
    lasts = "until `rollback unfreeze`" if ends_at is None else f"until {ends_at:%Y-%m-%d %H:%M %Z}"
    with reported(None) as reporting:
        controller = session.open_stack(stack, folder, reporting)
        if not yes:
            ask(f"Freeze {controller.stack} {lasts}?", output)
        controller.journal.append_next(FreezeBegan(until=ends_at, explanation=why))
    if output is Output.JSON:
        print_json({"frozen": True, "until": ends_at})
    else:
        say(f"{controller.stack} is frozen {lasts}.")


def unfreeze(
    why: WhyOption = "",
    yes: YesOption = False,
    stack: StackOption = None,
    folder: FolderOption = HERE,
    output: OutputOption = Output.TEXT,
) -> None:
    """End a freeze."""
    from rollback_plugin.journal.entries import FreezeEnded

    with reported(None) as reporting:
        controller = session.open_stack(stack, folder, reporting)
        frozen = controller.status().freeze
        if frozen is not None:
            if not yes:
                ask(f"End the freeze of {controller.stack} that {frozen.by} began?", output)
            controller.journal.append_next(FreezeEnded(explanation=why))
    if output is Output.JSON:
        print_json({"frozen": False, "changed": frozen is not None})
    else:
        say(f"{controller.stack} is {'not frozen: nothing to do' if frozen is None else 'not frozen any more'}.")


def _moment(written: str, now: datetime) -> datetime:
    """Raises `InvalidConfiguration` for what is no date and time in the future, with its offset."""
    try:
        moment = datetime.fromisoformat(written)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise InvalidConfiguration(
            f"--until is {written!r}, which is no date and time with its offset from UTC. Write it like"
            f" {now:%Y-%m-%d}T18:00+01:00 or {now:%Y-%m-%d}T17:00Z."
        )
    if moment <= now:
        raise InvalidConfiguration(
            f"--until is {written}, which has passed: it is {now:%Y-%m-%dT%H:%MZ}. Name a moment in the future."
        )
    return moment
