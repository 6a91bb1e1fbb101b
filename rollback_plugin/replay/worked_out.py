"""What re-applying a version to a stack comes to, as far as that follows from the version, from the stack's state and
from what was asked for."""

import json
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from itertools import chain

from rollback_plugin.backend.updates import ConfigValue
from rollback_plugin.replay.data_types import HoldsData
from rollback_plugin.replay.goal import Goal, goal_of
from rollback_plugin.replay.known_plans import Question
from rollback_plugin.replay.links import Links, links_of, where_registered_alike, with_declared_options
from rollback_plugin.replay.merge import Merge, merge
from rollback_plugin.replay.pending import Settled, settle_pending
from rollback_plugin.replay.plan import Refusal
from rollback_plugin.replay.recorded import RecordedResource, read_resources
from rollback_plugin.replay.recorded_config import config_of_other_keys, data_types
from rollback_plugin.replay.scope import Scope, scope_of
from rollback_plugin.replay.sealed import opened
from rollback_plugin.replay.state_copies import StateCopies
from rollback_plugin.stack import StackName
from rollback_plugin.versions.archive import VersionArchive
from rollback_plugin.versions.checkpoint import Checkpoint
from rollback_plugin.versions.links import ProgramLinks


@dataclass(frozen=True)
class WorkedOut:
    """All of it. Secrets in it are plain text."""

    question: Question
    settled: Settled
    declared: tuple[RecordedResource, ...]
    """What the version has, with options that only its program knew."""
    existing: tuple[RecordedResource, ...]
    """What the stack has."""
    seen: ProgramLinks
    merged: Merge
    goal: Goal
    holds_data: HoldsData
    refusals: tuple[Refusal, ...]
    """Because of config."""

    @cached_property
    def scope(self) -> Scope:
        """Of no use before secrets were opened: sealed anew, a value is another ciphertext."""
        return scope_of(self.goal, self.existing, self.settled.state)

    @cached_property
    def links(self) -> Links:
        """What the version's values came from."""
        return where_registered_alike(links_of(self.seen, self.declared), self.declared, self.merged.resources)


@dataclass(frozen=True, slots=True)
class SealedStates:
    """The states that a question is about, as they are kept: with their secrets sealed."""

    question: Question
    version: Checkpoint
    current: Checkpoint
    base: Checkpoint | None
    """That of the version before, where changes since are kept."""


def sealed_states(stack: StackName, archive: VersionArchive, question: Question) -> SealedStates:
    """Read them. Raises `UnknownVersion`, `DamagedSnapshot`."""
    keeping = question.options.keeping
    return SealedStates(
        question,
        archive.checkpoint(question.version.number),
        Checkpoint.parse(question.current, source=f"the backend's state of {stack}"),
        None if keeping is None else archive.checkpoint(keeping.base),
    )


def work_out(
    stack: StackName,
    copies: StateCopies,
    archive: VersionArchive,
    sealed: SealedStates,
    newest_config: Callable[[], Mapping[str, ConfigValue]],
) -> WorkedOut:
    """Work it out; nothing is changed.

    Args:
        newest_config: that of the stack's newest update.

    Raises:
        DamagedSnapshot: what the version needs can't be read.
        WrongPassphrase, EngineFailed: the engine can't open secrets, or tell what became of an interrupted operation.
    """
    settled = settle_pending(sealed.current, copies)
    with ThreadPoolExecutor(1) as beside:
        beside.submit(_load_protocol)
        in_plain = copies.decrypt(sealed.version, settled.state, *_present(sealed.base))
    return _worked_out(stack, archive, sealed.question, settled, in_plain, newest_config)


def work_out_unopened(
    stack: StackName,
    archive: VersionArchive,
    sealed: SealedStates,
    newest_config: Callable[[], Mapping[str, ConfigValue]],
) -> WorkedOut | None:
    """The same without opening secrets: in the place of each is its ciphertext. None where an interrupted operation
    comes first.

    Raises `DamagedSnapshot`.
    """
    if sealed.current.pending_operations:
        return None
    unopened = [
        opened(each, {ciphertext: json.dumps(ciphertext) for ciphertext in chain(*each.ciphertexts.values())})
        for each in (sealed.version, sealed.current, *_present(sealed.base))
    ]
    return _worked_out(stack, archive, sealed.question, Settled(sealed.current), unopened, newest_config)


def _present(base: Checkpoint | None) -> tuple[Checkpoint, ...]:
    return () if base is None else (base,)


def _worked_out(
    stack: StackName,
    archive: VersionArchive,
    question: Question,
    settled: Settled,
    checkpoints: Sequence[Checkpoint],
    newest_config: Callable[[], Mapping[str, ConfigValue]],
) -> WorkedOut:
    """checkpoints: of the version, of the stack, and of the version before it where changes since are kept."""
    version, options = question.version, question.options
    recorded, present, *older = checkpoints
    seen = archive.links(version)
    declared, existing = with_declared_options(seen, read_resources(recorded)), read_resources(present)
    merged = merge(read_resources(older[0]), declared, existing, options.conflicts) if older else Merge(declared, ())
    is_data, misconfigured = data_types(version, newest_config())
    return WorkedOut(
        question,
        settled,
        declared,
        existing,
        seen,
        merged,
        goal_of(merged.resources, existing, options.data, is_data),
        is_data,
        (*config_of_other_keys(stack, version, recorded, settled.state), *misconfigured),
    )


def _load_protocol() -> None:
    """Import what the engine is talked to with, while it opens secrets."""
    import rollback_plugin.replay.language_server
    import rollback_plugin.replay.registration  # noqa: F401
