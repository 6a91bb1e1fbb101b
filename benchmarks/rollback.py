"""A whole rollback, and a recovery, beside today's ways, and beside the least that the engine takes.

Today's ways: check the older release out and run `pulumi up --yes`, with its environment there already, or made from
its lock file first, as on a fresh runner whose package cache is warm. Its program is without `track()`. The floor: a
`pulumi up` of that program when there is nothing to do, without the preview.

Each number of resources is a benchmark of its own: together they take over an hour.
"""

from collections.abc import Callable, Mapping
from functools import partial

from benchmarks.stacks import TODAY, StackToTime, stack_of
from benchmarks.timing import Measured, Row, compared, side_by_side

SIZES = {10: 5, 100: 5, 500: 3, 1_000: 3}
"""Numbers of resources, and how often."""
QUICK_SIZE, QUICK_REPETITIONS = 10, 2
ONE, TENTH = "1 changed", "10 % changed"

UNDO = "rollback undo"
UNDO_UNPLANNED = "rollback undo, making its plan"
RECOVER = "rollback recover"
RECOVER_UNPLANNED = "rollback recover, making its plan"
WARM = "checkout and pulumi up"
FRESH = "checkout, environment and pulumi up"
FLOOR = "pulumi up with nothing to do"


def benchmarks() -> Mapping[str, Callable[[bool], dict[str, dict[str, Row]]]]:
    """By name, one for each number of resources. Tried quickly, only the smallest one does anything."""
    return {benchmark_of(size): partial(_of_size, size) for size in SIZES}


def benchmark_of(size: int) -> str:
    """What the benchmark with so many resources is called."""
    return f"rollback-{size}"


def _of_size(size: int, quick: bool) -> dict[str, dict[str, Row]]:
    if quick and size != QUICK_SIZE:
        return {}
    rows = {}
    for share, changed in shares_of(size).items():
        with stack_of(size, changed) as stack:
            rows[name_of(size, share)] = _measured(stack, QUICK_REPETITIONS if quick else SIZES[size])
    return rows


def shares_of(size: int) -> dict[str, int]:
    """How many of so many resources differ, by what it is called. One of ten is 10 %."""
    return {ONE: 1, TENTH: size // 10} if size > 10 else {ONE: 1}


def name_of(size: int, share: str) -> str:
    """What the figures are kept under."""
    return f"{size}, {share}"


def _measured(stack: StackToTime, repetitions: int) -> dict[str, Row]:
    # Once for all: the way that finds its environment there.
    stack.check_out(TODAY)
    stack.make_environment()
    stack.check_out("release-2")

    def older_program_again() -> None:
        stack.check_out(TODAY)
        stack.run("pulumi", "up", "--yes")

    def older_program_on_a_fresh_runner() -> None:
        stack.check_out(TODAY)
        stack.make_environment()
        stack.run("pulumi", "up", "--yes")

    def fresh() -> None:
        stack.deploy(2)
        stack.forget_environment()

    ways = {
        UNDO: stack.undo,
        RECOVER: stack.recover,
        UNDO_UNPLANNED: stack.undo,
        RECOVER_UNPLANNED: stack.recover,
        WARM: older_program_again,
        FLOOR: lambda: stack.run("pulumi", "up", "--yes", "--skip-preview"),
        FRESH: older_program_on_a_fresh_runner,
    }
    before = {
        UNDO: stack.plan,
        RECOVER: stack.plan_recovery,
        UNDO_UNPLANNED: stack.forget_plans,
        RECOVER_UNPLANNED: stack.forget_plans,
        FRESH: fresh,
    }
    taken = side_by_side(ways, repetitions, then=lambda: stack.deploy(2), before=before)
    return {**taken, **_ratios(taken)}


def _ratios(taken: dict[str, Measured]) -> dict[str, Row]:
    rows: dict[str, Row] = {}
    for ours in (UNDO, RECOVER, UNDO_UNPLANNED, RECOVER_UNPLANNED):
        rows[f"{ours} / {FLOOR}"] = compared(taken[ours], taken[FLOOR])
        for theirs in (WARM, FRESH):
            rows[f"{theirs} / {ours}"] = compared(taken[theirs], taken[ours])
    return rows
