"""How long a command takes to begin: `rollback --help` and `rollback status` beside `pulumi version`."""

from benchmarks.stacks import stack_of
from benchmarks.timing import Row, compared, side_by_side

RESOURCES = 4
SIZE = "a small stack"
REPETITIONS = 21
QUICK_REPETITIONS = 2
ENGINE = "pulumi version"
HELP, STATUS = "rollback --help", "rollback status"


def measured(quick: bool = False) -> dict[str, dict[str, Row]]:
    """Of a stack with two versions."""
    with stack_of(RESOURCES) as stack:
        ways = {command: lambda command=command: stack.run(*command.split()) for command in (ENGINE, HELP, STATUS)}
        taken = side_by_side(ways, QUICK_REPETITIONS if quick else REPETITIONS)
        ratios = {f"{ours} / {ENGINE}": compared(taken[ours], taken[ENGINE]) for ours in (HELP, STATUS)}
        return {SIZE: {**taken, **ratios}}
