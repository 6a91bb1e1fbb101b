"""From a journal's entries to notices."""

from dataclasses import dataclass, field

from rollback_plugin.journal.entries import (
    Answered,
    Asked,
    Entry,
    FreezeBegan,
    FreezeEnded,
    Held,
    OperationFailed,
    ReasonCode,
    Recovered,
    RecoveryStarted,
    RollbackStarted,
    RollbackVerified,
    RolledBack,
)
from rollback_plugin.notices.notice import Happened, Notice
from rollback_plugin.stack import StackName

_SAID_BY_ITS_FAILURE = frozenset({ReasonCode.PLAN_REFUSED, ReasonCode.OPERATION_FAILED})
"""Reasons to hold that come just before the failure of the operation they are about."""


@dataclass(frozen=True, slots=True)
class _Telling:
    """What differs between notices."""

    happened: Happened
    headline: str
    what_next: str
    version: int | None = None
    target: int | None = None
    reason: str | None = None
    alarms: tuple[str, ...] = ()
    why: str = ""


@dataclass
class Composer:
    """Makes notices of one stack's entries, given one after the other, from the first or from the start
    of what was under way."""

    stack: StackName
    store: str
    """Where the journal is, as people write it."""
    _begun: dict[str, RollbackStarted | RecoveryStarted] = field(default_factory=dict)
    _asked: dict[str, Asked] = field(default_factory=dict)
    """By question."""
    _refused: bool = False
    """Whether the operation under way was held because its plan refuses."""

    def compose(self, entry: Entry) -> Notice | None:
        """The entry's notice; None for one that nobody has to be told of."""
        told = self._telling(entry)
        if told is None:
            return None
        return Notice(
            stack=self.stack,
            sequence=entry.sequence,
            happened=told.happened,
            headline=told.headline,
            what_next=told.what_next,
            time=entry.time,
            actor=entry.actor,
            record=f"{self.store}/stacks/{self.stack}/journal/{entry.sequence:08d}.json",
            version=told.version,
            target=told.target,
            reason=told.reason,
            alarms=told.alarms,
            why=told.why,
        )

    def _telling(self, entry: Entry) -> _Telling | None:
        match entry.event:
            case RollbackStarted() as event:
                self._begin(event)
                return self._rollback(event, Happened.ROLLBACK_STARTED, "is being rolled back", self._follow())
            case RecoveryStarted() as event:
                self._begin(event)
                return None
            case RolledBack() as event:
                return self._rolled_back(event)
            case RollbackVerified() as event:
                return self._verified(event)
            case Recovered() as event:
                begun = self._begun.get(event.operation)
                return _Telling(
                    Happened.RECOVERED,
                    f"Version {event.target} of {self.stack} is applied again.",
                    "It bakes anew: its alarms are watched as after a deploy.",
                    target=event.target,
                    reason=begun.reason.value if begun else None,
                )
            case OperationFailed() as event:
                return self._failed(event)
            case Held() as event:
                return self._held(event)
            case Asked() as event:
                self._asked[event.question] = event
                return self._question(event)
            case Answered() as event:
                return self._answered(event)
            case FreezeBegan() as event:
                return self._frozen(event)
            case FreezeEnded() as event:
                return _Telling(
                    Happened.UNFROZEN,
                    f"The freeze of {self.stack} was ended.",
                    "It is rolled back and recovered again when its alarms and its policy say so.",
                    why=event.explanation,
                )
            case _:
                return None

    def _begin(self, event: RollbackStarted | RecoveryStarted) -> None:
        self._begun[event.operation] = event
        self._refused = False

    def _rolled_back(self, event: RolledBack) -> _Telling | None:
        begun = self._begun.get(event.operation)
        if not isinstance(begun, RollbackStarted):
            return None
        verified = "Whether that helped is being looked at. " if begun.alarms else ""
        return self._rollback(
            begun,
            Happened.ROLLED_BACK,
            "was rolled back",
            f"{verified}The same content isn't deployed again until it changes or is released: "
            f"`rollback release {event.undoes} --stack {self.stack.stack}`.",
        )

    def _verified(self, event: RollbackVerified) -> _Telling | None:
        begun = self._begun.get(event.operation)
        if not isinstance(begun, RollbackStarted):
            return None
        if event.helped:
            return self._rollback(
                begun,
                Happened.ROLLBACK_HELPED,
                "was the cause: its alarms cleared after the rollback",
                f"Correct version {begun.undoes} and deploy it.",
            )
        return _Telling(
            Happened.ROLLBACK_DID_NOT_HELP,
            f"Rolling version {begun.undoes} of {self.stack} back did not help: the deploy was not the cause.",
            "Look at what the service depends on. Where the policy lets it, the version is applied again.",
            version=begun.undoes,
            target=begun.target,
            reason=ReasonCode.ROLLBACK_DID_NOT_HELP.value,
            alarms=event.still_ringing,
        )

    def _failed(self, event: OperationFailed) -> _Telling | None:
        begun = self._begun.get(event.operation)
        if begun is None:
            return None
        kind = "rollback" if isinstance(begun, RollbackStarted) else "recovery"
        again = "undo" if kind == "rollback" else "recover"
        told = f"The {kind} of {self.stack} to version {begun.target}"
        version = begun.undoes if isinstance(begun, RollbackStarted) else begun.target
        alarms = begun.alarms if isinstance(begun, RollbackStarted) else ()
        if self._refused:
            return _Telling(
                Happened.REFUSED,
                f"{told} is refused by its plan; consumers were moved where that is safe.",
                f"`rollback plan --stack {self.stack.stack}` says what stands in the way. A person has to go on.",
                version,
                begun.target,
                ReasonCode.PLAN_REFUSED.value,
                alarms,
            )
        return _Telling(
            Happened.OPERATION_FAILED,
            f"{told} failed.",
            f"{self._follow()} Then `rollback {again} --to {begun.target} --stack {self.stack.stack}` tries again.",
            version,
            begun.target,
            ReasonCode.OPERATION_FAILED.value,
            alarms,
        )

    def _held(self, event: Held) -> _Telling | None:
        if event.reason in _SAID_BY_ITS_FAILURE:
            self._refused = event.reason is ReasonCode.PLAN_REFUSED
            return None
        return _Telling(
            Happened.HELD,
            f"{self.stack} is held at version {event.version}: a person decides.",
            f"{self._follow()} `rollback undo --stack {self.stack.stack}` goes back.",
            version=event.version,
            reason=event.reason.value,
        )

    def _question(self, event: Asked) -> _Telling:
        wanted = (
            f"Version {event.version} of {self.stack} should be rolled back to version {event.target}"
            if event.kind == "rollback"
            else f"Version {event.version} of {self.stack} should be applied again"
        )
        return _Telling(
            Happened.ASKED,
            f"{wanted}, and a person has the say ({event.reason.value}).",
            f"`rollback approve --stack {self.stack.stack}` has it done, `rollback deny --stack {self.stack.stack}` "
            "leaves it.",
            event.version,
            event.target,
            event.because.value,
            event.alarms,
        )

    def _answered(self, event: Answered) -> _Telling | None:
        asked = self._asked.get(event.question)
        if asked is None:
            return None
        meant = (
            f"The rollback of version {asked.version} of {self.stack} to version {asked.target}"
            if asked.kind == "rollback"
            else f"The recovery of version {asked.version} of {self.stack}"
        )
        again = "undo" if asked.kind == "rollback" else "recover"
        fate, what_next = (
            ("was approved.", f"It is done next. {self._follow()}")
            if event.approved
            else (
                "was denied: nothing is changed.",
                "It isn't asked again until the next deploy, unless further alarms speak for it. "
                f"`rollback {again} --stack {self.stack.stack}` does it all the same.",
            )
        )
        return _Telling(
            Happened.APPROVED if event.approved else Happened.DENIED,
            f"{meant} {fate}",
            what_next,
            asked.version,
            asked.target,
            asked.because.value,
            asked.alarms,
            event.explanation,
        )

    def _frozen(self, event: FreezeBegan) -> _Telling:
        lasts = "until somebody ends it" if event.until is None else f"until {event.until:%Y-%m-%d %H:%M} UTC"
        return _Telling(
            Happened.FROZEN,
            f"{self.stack} is frozen {lasts}.",
            "Until then it is neither rolled back nor recovered without a person. "
            f"`rollback unfreeze --stack {self.stack.stack}` ends that.",
            why=event.explanation,
        )

    def _rollback(self, begun: RollbackStarted, happened: Happened, fate: str, what_next: str) -> _Telling:
        towards = f" (to version {begun.target})" if happened is not Happened.ROLLBACK_HELPED else ""
        return _Telling(
            happened,
            f"Version {begun.undoes} of {self.stack} {fate}{towards}.",
            what_next,
            begun.undoes,
            begun.target,
            begun.reason.value,
            begun.alarms,
        )

    def _follow(self) -> str:
        return f"`rollback status --stack {self.stack.stack}` says more."
