"""A whole rollback beside today's way, and beside the least that the engine takes.

Today's way: put the older program back and run `pulumi up --yes`, with its environment there already. The floor: a
`pulumi up` of that program when there is nothing to do, without the preview.
"""

from benchmarks.stacks import StackToTime, stack_of
from benchmarks.timing import Measured, side_by_side

SIZES = (10, 100, 500)
REPETITIONS = 3


def measured() -> dict[str, dict[str, Measured]]:
    """By number of resources; one of them changed."""
    rows = {}
    for size in SIZES:
        with stack_of(size) as stack:
            rows[str(size)] = _measured(stack)
    return rows


def _measured(stack: StackToTime) -> dict[str, Measured]:
    def older_program_again() -> None:
        stack.select(1)
        stack.run("pulumi", "up", "--yes")

    return side_by_side(
        {
            "rollback undo": lambda: stack.run("rollback", "undo", "--to", "1", "--yes"),
            "rollback recover": lambda: stack.run("rollback", "recover", "--yes"),
            "pulumi up of the older program": older_program_again,
            "pulumi up with nothing to do": lambda: stack.run("pulumi", "up", "--yes", "--skip-preview"),
        },
        REPETITIONS,
        then=lambda: stack.deploy(2),
    )
