"""A plan, a judged deploy and a way back, as people read them."""

import io

import pytest
from rich.console import Console, RenderableType

from rollback_plugin.journal.entries import Planned
from rollback_plugin.journal.reversibility import Reversibility
from rollback_plugin.replay.plan import Action, DataEffect, Plan, Reason, Refusal, Remark, Step
from rollback_plugin.replay.requirements import Credentials, Estimate, PluginRequirement, Requirements
from rollback_plugin.replay.undoing import Undoing
from rollback_plugin.report.plan_view import plan_view, undoing_view
from rollback_plugin.report.way_back import way_back_in_short, way_back_view
from tests.unit.report.told import printed

QUEUE = "urn:pulumi:dev::shop::aws:sqs/queue:Queue::jobs"
TOPIC = "urn:pulumi:dev::shop::aws:sns/topic:Topic::events"
STEPS = (
    Step(QUEUE, "aws:sqs/queue:Queue", Action.CREATE, "the version has it", data=DataEffect.EMPTY),
    Step(TOPIC, "aws:sns/topic:Topic", Action.REPLACE, "differs in name", ("name",), gap=True),
    Step("urn:pulumi:dev::shop::aws:sns/topic:Topic::same", "aws:sns/topic:Topic", Action.SAME),
)
NOTE = Remark(QUEUE, "it comes back without the data it held", Reason.DATA_EMPTY)
GONE = Refusal(TOPIC, "source", "the bytes are gone", Reason.BYTES_MISSING)


def shown(view: RenderableType) -> str:
    written = io.StringIO()
    Console(width=200, file=written).print(view)
    return "\n".join(line.rstrip() for line in written.getvalue().splitlines())


def test_a_plan_says_what_becomes_of_each_resource_and_its_data() -> None:
    text = shown(plan_view(3, Plan(STEPS, (), (NOTE,))))

    assert "Applying version 3: reversible, but see the notes." in text
    assert "+  jobs    aws:sqs/queue:Queue  the version has it  comes back empty" in text
    assert "±  events  aws:sns/topic:Topic  differs in name     missing in between" in text
    assert "1 unchanged." in text
    assert "note: jobs: it comes back without the data it held" in text


def test_a_plan_says_what_is_in_the_way() -> None:
    text = shown(plan_view(3, Plan((), (GONE,), ())))

    assert "Applying version 3: one-way." in text
    assert f"refused: {TOPIC} (source): the bytes are gone" in text


def test_a_plan_says_what_it_needs() -> None:
    needs = Requirements(
        assets=2,
        asset_bytes=1234,
        plugins=(
            PluginRequirement("aws", "7.51.1", installed=True),
            PluginRequirement("tls", "5.0.0", installed=False),
        ),
        credentials=Credentials.FOUND,
        estimate=Estimate(12, 3, 2, 4),
    )

    text = shown(plan_view(3, Plan((), (), (), needs)))

    assert "Applying version 3: reversible." in text
    assert "needs 2 assets of the store, 1234 bytes" in text
    assert "needs the plugins aws 7.51.1, tls 5.0.0 (not installed); AWS credentials: found" in text
    assert "takes about 12 s, an estimate from the 3 updates of this stack most like it (2 to 4 changed)" in text


@pytest.mark.parametrize(
    ("undoing", "says"),
    [
        (Undoing(STEPS, (GONE,), (NOTE,)), "This deploy can't be undone, because:\n  - " + str(GONE)),
        (Undoing(STEPS, (), (NOTE,)), "This deploy can be undone, but:\n  - " + str(NOTE)),
        (Undoing(STEPS, (), ()), "This deploy can be undone.\n2 resources would change."),
    ],
)
def test_a_deploy_is_judged_in_a_sentence_and_its_reasons(undoing: Undoing, says: str) -> None:
    assert shown(undoing_view(undoing)).startswith(says)


@pytest.mark.parametrize(
    ("verdict", "sentence", "short"),
    [
        (Reversibility.REVERSIBLE, "Way back to version 1: reversible.", "yes"),
        (Reversibility.REVERSIBLE_BUT, "Way back to version 1: reversible, but:", "yes, but"),
        (Reversibility.ONE_WAY, "Version 2 can't be undone, because:", "none"),
        (Reversibility.UNKNOWN, "Whether version 2 can be undone could not be worked out:", "unknown"),
    ],
)
def test_a_way_back_is_a_sentence_and_its_reasons(verdict: Reversibility, sentence: str, short: str) -> None:
    planned = Planned(version=2, target=1, verdict=verdict, reasons=("because",))

    assert printed(way_back_view(planned)) == [sentence, "  - because"]
    assert way_back_in_short(planned).text == short


def test_where_nobody_worked_it_out_nothing_is_said() -> None:
    assert way_back_in_short(None).text == ""
