"""Rolled back, a stack is what the older program makes of it; recovered, what the newer one makes. Its own preview is
the judge."""

from rollback_plugin.journal.options import DataPolicy, OperationOptions
from tests.replay.deployed_stack import DeployedStack
from tests.replay.program_pairs import Pair


def goes_both_ways(stack: DeployedStack, pair: Pair) -> None:
    """Fails where it doesn't."""
    before = stack.deploy(pair.before)
    outputs_before = stack.outputs()
    after = stack.deploy(pair.after)
    outputs_after = stack.outputs()
    replay = stack.replay()

    rolled_back = replay.apply(before, "operation-1", "rollback", OperationOptions(data=DataPolicy.FOLLOW))

    stack.must_be(pair.before)
    assert _comparable(stack.outputs(), pair) == _comparable(outputs_before, pair)

    recovered = replay.apply(after, "operation-2", "recovery", OperationOptions(data=DataPolicy.FOLLOW))

    stack.must_be(pair.after)
    assert _comparable(stack.outputs(), pair) == _comparable(outputs_after, pair)
    assert [update.operation for update in stack.backend.updates(stack.name)] == [
        None,
        None,
        "operation-1",
        "operation-2",
    ]
    assert [update.name for update in stack.backend.updates(stack.name)][2:] == [rolled_back, recovered]


def _comparable(outputs: dict[str, object], pair: Pair) -> dict[str, object]:
    return {name: value for name, value in outputs.items() if name not in pair.differing_outputs}
