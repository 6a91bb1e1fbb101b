"""`rollback plan` beside `pulumi preview` of the same stack: made anew, and as it was made before."""

from benchmarks.stacks import StackToTime, stack_of
from benchmarks.timing import Measured, side_by_side

SIZES = (100, 500)
QUICK_SIZES = (10,)
REPETITIONS = 5


def measured(quick: bool = False) -> dict[str, dict[str, Measured]]:
    """By number of resources."""
    rows = {}
    for size in QUICK_SIZES if quick else SIZES:
        with stack_of(size) as stack:
            rows[str(size)] = _measured(stack)
    return rows


def _measured(stack: StackToTime) -> dict[str, Measured]:
    return side_by_side(
        {
            "pulumi preview": lambda: stack.run("pulumi", "preview"),
            "rollback plan": stack.plan,
            "rollback plan, made before": stack.plan,
        },
        REPETITIONS,
        before={"rollback plan": stack.forget_plans},
    )
