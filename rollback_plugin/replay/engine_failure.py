"""What the engine's words mean when it fails."""

from collections.abc import Sequence

from rollback_plugin.errors import EngineError, EngineFailed, EngineLocked, WrongPassphrase
from rollback_plugin.replay.engine_process import FinishedEngine
from rollback_plugin.replay.events import Diagnostic
from rollback_plugin.stack import StackName

LOCKED = "the stack is currently locked by"
"""pkg/backend/diy/lock.go"""
WRONG_PASSPHRASE = ("incorrect passphrase", "passphrase must be set with", "get passphrase from environment")
"""pkg/secrets/passphrase/manager.go"""


def failure_of(
    stack: StackName, purpose: str, finished: FinishedEngine, errors: Sequence[Diagnostic] = ()
) -> EngineError:
    """The error to raise for an engine that ended so.

    Args:
        purpose: what it was to do, as in \"could not … the stack\".
        errors: of its events, if it sent any.
    """
    said = finished.errors.strip() or finished.output.strip()
    if LOCKED in said:
        return EngineLocked(
            f"The stack {stack} is locked by another update ({_holders(said)}), so nothing was changed. Wait for that"
            f" update to end; if its process is gone, run `pulumi cancel --stack {stack.stack}` and try again."
        )
    if any(words in said for words in WRONG_PASSPHRASE):
        return WrongPassphrase(
            f"The secrets of the stack {stack} can't be opened: the passphrase in the environment is missing or is"
            " another one. Set PULUMI_CONFIG_PASSPHRASE, or PULUMI_CONFIG_PASSPHRASE_FILE, to what `pulumi up` uses"
            " for this stack."
        )
    reasons = [f"{error.urn or 'engine'}: {error.message}" for error in errors] or [said]
    listed = " | ".join(" ".join(reason.split()) for reason in reasons).rstrip(".")
    return EngineFailed(
        f"The Pulumi engine could not {purpose} the stack {stack} (exit code {finished.exit_code})."
        f" It said: {listed}. Put right what it names and run the same command again; it goes on from where this"
        " ended."
    )


def _holders(said: str) -> str:
    """`user@host (pid 1) at time`, as the engine lists the locks it found."""
    found = [line.partition("created by ")[2].strip() for line in said.splitlines() if "created by " in line]
    return "; ".join(found) or "holder unknown"
