"""What re-applying a version to a stack comes to, as far as that follows from the version, from the stack's state and
from what was asked for."""

import json
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from rollback_plugin.backend.updates import ConfigValue
from rollback_plugin.replay.data_types import HoldsData
from rollback_plugin.replay.engine import Engine
from rollback_plugin.replay.goal import Goal, goal_of
from rollback_plugin.replay.known_plans import Question
from rollback_plugin.replay.links import Links, links_of, where_registered_alike, with_declared_options
from rollback_plugin.replay.merge import Merge, merge
from rollback_plugin.replay.pending import Settled, settle_pending
from rollback_plugin.replay.plan import Refusal
from rollback_plugin.replay.recorded import RecordedResource, read_resources
from rollback_plugin.replay.recorded_config import config_of_other_keys, data_types
from rollback_plugin.replay.scope import Scope, scope_of
from rollback_plugin.replay.sealed import ciphertexts_in, opened
from rollback_plugin.stack import StackName
from rollback_plugin.versions.archive import VersionArchive
from rollback_plugin.versions.checkpoint import Checkpoint


@dataclass(frozen=True, slots=True)
class WorkedOut:
    """All of it. Secrets in it are plain text."""

    question: Question
    settled: Settled
    existing: tuple[RecordedResource, ...]
    """What the stack has."""
    merged: Merge
    goal: Goal
    scope: Scope
    links: Links
    holds_data: HoldsData
    refusals: tuple[Refusal, ...]
    """Because of config."""


def work_out(
    stack: StackName,
    engine: Engine,
    archive: VersionArchive,
    question: Question,
    newest_config: Callable[[], Mapping[str, ConfigValue]],
) -> WorkedOut:
    """Work it out; nothing is changed.

    Args:
        newest_config: that of the stack's newest update.

    Raises:
        DamagedSnapshot: the version, or the state, can't be read.
        WrongPassphrase, EngineFailed: the engine can't open secrets, or tell what became of an interrupted operation.
    """
    version, options = question.version, question.options
    settled = settle_pending(Checkpoint.parse(question.current, source=f"the backend's state of {stack}"), engine)
    bases = () if options.keeping is None else (archive.checkpoint(options.keeping.base),)
    with ThreadPoolExecutor(1) as beside:
        beside.submit(_load_protocol)
        in_plain = engine.decrypt(archive.checkpoint(version.number), settled.state, *bases)
    return _worked_out(stack, archive, question, settled, in_plain, newest_config)


def work_out_unopened(
    stack: StackName,
    archive: VersionArchive,
    question: Question,
    newest_config: Callable[[], Mapping[str, ConfigValue]],
) -> WorkedOut | None:
    """The same without opening secrets: in the place of each is its ciphertext. None where an interrupted operation
    comes first.

    Raises `DamagedSnapshot`.
    """
    version, options = question.version, question.options
    state = Checkpoint.parse(question.current, source=f"the backend's state of {stack}")
    if state.pending_operations:
        return None
    bases = () if options.keeping is None else (archive.checkpoint(options.keeping.base),)
    unopened = [
        opened(sealed, {ciphertext: json.dumps(ciphertext) for ciphertext in ciphertexts_in(sealed)})
        for sealed in (archive.checkpoint(version.number), state, *bases)
    ]
    return _worked_out(stack, archive, question, Settled(state), unopened, newest_config)


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
    wanted, existing = with_declared_options(seen, read_resources(recorded)), read_resources(present)
    merged = merge(read_resources(older[0]), wanted, existing, options.conflicts) if older else Merge(wanted, ())
    is_data, misconfigured = data_types(version, newest_config())
    goal = goal_of(merged.resources, existing, options.data, is_data)
    return WorkedOut(
        question,
        settled,
        existing,
        merged,
        goal,
        scope_of(goal, existing, settled.state),
        where_registered_alike(links_of(seen, wanted), wanted, merged.resources),
        is_data,
        (*config_of_other_keys(stack, version, recorded, settled.state), *misconfigured),
    )


def _load_protocol() -> None:
    """Import what the engine is talked to with, while it opens secrets."""
    import rollback_plugin.replay.language_server
    import rollback_plugin.replay.registration  # noqa: F401
