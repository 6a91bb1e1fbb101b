"""How a program knows that it is run again by a rollback or a recovery, and not deployed by somebody."""

from collections.abc import Mapping
from datetime import datetime

from rollback_plugin.journal.journal import Journal

OPERATION_VARIABLE = "ROLLBACK_PLUGIN_OPERATION"
"""Environment variable with the id of the operation that runs the program; in a preview, which deploys nothing,
`PLANNING`."""
PLANNING = "planning"


def says_planning(environ: Mapping[str, str]) -> bool:
    """Whether the environment says that a way back is being planned. Good for previews only: anybody can say so."""
    return environ.get(OPERATION_VARIABLE) == PLANNING


def is_own_run(environ: Mapping[str, str], journal: Journal, now: datetime) -> bool:
    """Whether the operation that the environment names is the one the journal has in progress.

    Raises what reading the journal raises.
    """
    named = environ.get(OPERATION_VARIABLE)
    if not named:
        return False
    operation = journal.status(now).operation
    return operation is not None and operation.id == named
