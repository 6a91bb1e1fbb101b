"""Refusals in which both ways of re-applying a version end."""

from rollback_plugin.errors import NotReplayable
from rollback_plugin.replay.plan import Plan
from rollback_plugin.stack import StackName
from rollback_plugin.versions.version import Version


def refuse_destroyed(version: Version) -> None:
    """Return for a version that deployed something. Raises `NotReplayable`."""
    if version.kind == "destroy":
        raise NotReplayable(
            f"Version {version.number} of {version.stack} is a `pulumi destroy`: going back to it would delete the"
            " stack. If that is wanted, run `pulumi destroy`; otherwise name a version that deployed something."
        )


def refuse_by(plan: Plan, stack: StackName, target: int) -> None:
    """Return for a plan that can be carried out. Raises `NotReplayable`, listing what stands in the way."""
    if plan.refusals:
        listed = "; ".join(str(refusal) for refusal in plan.refusals)
        raise NotReplayable(
            f"Version {target} of {stack} can't be re-applied as it was, and nothing was touched. In the way: {listed}."
        )
