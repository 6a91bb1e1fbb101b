"""Each incident of the corpus leads to the decisions it expects, and the rules are as right about them as is said."""

import re
from collections import Counter
from pathlib import Path

import pytest

from rollback_plugin.journal.entries import ReasonCode
from tests.incidents.incident import Incident, incidents
from tests.incidents.score import outcome, score
from tests.incidents.world import World

CORPUS = list(incidents())


@pytest.fixture(scope="module")
def worlds() -> dict[str, World]:
    """Every incident, as it went."""
    return {incident.name: World(incident).run() for incident in CORPUS}


@pytest.mark.parametrize("incident", CORPUS, ids=str)
def test_what_is_decided(worlds: dict[str, World], incident: Incident) -> None:
    decisions = worlds[incident.name].decisions

    for expected in incident.expect:
        found = decisions[expected.at]
        assert (found.action, found.reason, found.target) == (expected.action, expected.reason, expected.target), (
            f"minute {expected.at}: {found.explanation}"
        )


@pytest.mark.parametrize("incident", CORPUS, ids=str)
def test_where_the_rules_are_wrong_is_marked(worlds: dict[str, World], incident: Incident) -> None:
    found = outcome(worlds[incident.name])

    assert bool(found.missed or found.blamed) is (incident.rules_are_wrong is not None)


def test_the_corpus_is_large_and_no_incident_is_in_it_twice() -> None:
    assert len(CORPUS) >= 60
    assert [name for name, count in Counter(map(str, CORPUS)).items() if count > 1] == []


def test_nearly_every_reason_to_decide_by_alarms_and_policies_occurs() -> None:
    """Those that only come from a failing or refusing engine don't."""
    occurring = {expected.reason for incident in CORPUS for expected in incident.expect}
    of_operations = {
        ReasonCode.OPERATION_IN_PROGRESS,
        ReasonCode.OPERATION_FAILED,
        ReasonCode.PLAN_REFUSED,
        ReasonCode.REQUESTED,
        ReasonCode.NOT_THE_NEWEST_VERSION,
    }

    assert set(ReasonCode) - occurring == of_operations


def test_precision_and_recall_are_as_documented(worlds: dict[str, World]) -> None:
    found = score(worlds.values())
    readme = (Path(__file__).parents[2] / "README.md").read_text()
    said = re.search(r"(\d+) incidents.*?precision (\d\.\d\d).*?recall (\d\.\d\d)", readme, flags=re.DOTALL)

    assert said is not None
    assert said.groups() == (str(len(CORPUS)), f"{found.precision:.2f}", f"{found.recall:.2f}")
