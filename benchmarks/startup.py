"""How long a command takes to begin: `rollback --help` and `rollback status` beside `pulumi version`."""

from benchmarks.stacks import stack_of
from benchmarks.timing import Row, side_by_side

RESOURCES = 4
REPETITIONS = 9


def measured() -> dict[str, dict[str, Row]]:
    """Of a stack with two versions."""
    with stack_of(RESOURCES) as stack:
        commands = ("pulumi version", "rollback --help", "rollback status")
        ways = {command: lambda command=command: stack.run(*command.split()) for command in commands}
        return {"a small stack": dict(side_by_side(ways, REPETITIONS))}
