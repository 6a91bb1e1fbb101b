"""The table of all stacks shows what a person on call looks for."""

from rich.console import Console

from rollback_plugin.journal.entries import ReasonCode
from rollback_plugin.journal.overview import Glance
from rollback_plugin.journal.reversibility import Reversibility
from rollback_plugin.journal.status import Verdict
from rollback_plugin.report.glances import glances_table
from rollback_plugin.stack import StackName


def shown(*rows: Glance) -> list[str]:
    console = Console(width=200, color_system=None)
    with console.capture() as capture:
        console.print(glances_table(rows))
    return [" ".join(line.split()) for line in capture.get().splitlines()]


def test_each_stack_has_a_line() -> None:
    lines = shown(
        Glance(StackName("shop", "prod"), 3, 3, Verdict.HEALTHY, way_back=Reversibility.REVERSIBLE),
        Glance(StackName("shop", "dev"), 1, 2, Verdict.SUPERSEDED, ("errors", "slow"), "verifying 1"),
        Glance(StackName("shop", "test"), 2, 2, Verdict.SUSPECT, held=ReasonCode.NO_HEALTHY_VERSION, failed=True),
        Glance(StackName("shop", "qa"), 2, 2, Verdict.SUSPECT, asked="rollback to 1", frozen=True),
        Glance(StackName("shop", "new")),
        Glance(StackName("shop", "old"), error="The journal is broken."),
    )

    assert lines == [
        "stack runs verdict ringing under way to look at way back",
        "shop/prod 3 healthy reversible",
        "shop/dev 1 (newest 2) superseded errors, slow verifying 1",
        "shop/test 2 suspect held: NO_HEALTHY_VERSION, the last operation failed",
        "shop/qa 2 suspect asked: rollback to 1?, frozen",
        "shop/new nothing recorded",
        "shop/old unreadable The journal is broken.",
    ]


def test_without_any_stack_it_says_what_to_do() -> None:
    assert shown() == ["No stack has a version in this store yet. Run `rollback record` after `pulumi up`."]
