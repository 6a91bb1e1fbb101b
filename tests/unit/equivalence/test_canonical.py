"""What is compared of two stacks: names made up anew by who had them first, and everything else as it is."""

from typing import Any

from rollback_plugin.replay.property_values import ARCHIVE, SIGNATURE
from tests.equivalence.canonical import Labels, canonical, differences, labels_of

ACCOUNT = "100000000001"


def state(*ids: str) -> dict[str, Any]:
    resources = [{"urn": f"urn:pulumi:dev::shop::t::{i.split('-')[0]}", "id": i, "custom": True} for i in ids]
    return {"checkpoint": {"latest": {"resources": resources}}}


LABELS = labels_of([state("jobs-1234567"), state("jobs-abcdef0")], ACCOUNT)


def test_a_made_up_name_is_known_by_its_first_owner_and_turn() -> None:
    assert canonical({"a": "at jobs-1234567!", "b": "jobs-abcdef0"}, LABELS) == {
        "a": "at jobs-<jobs, 1>!",
        "b": "jobs-<jobs, 2>",
    }


def test_a_name_that_nobody_has_stays_and_so_makes_a_difference() -> None:
    assert canonical("jobs-7777777", LABELS) == "jobs-7777777"


def test_another_spelling_of_a_made_up_name_is_another_value() -> None:
    assert canonical("JOBS-ABCDEF0", LABELS) == "JOBS-<jobs, 2> in another case"


def test_a_name_of_digits_alone_shows_no_case() -> None:
    assert canonical("JOBS-1234567", LABELS) == "JOBS-<jobs, 1>"
    assert LABELS.hide_case
    assert not labels_of([state("jobs-abcdef0")], ACCOUNT).hide_case


def test_accounts_and_moments_do_not_count() -> None:
    assert canonical([f"arn:{ACCOUNT}:x", "2026-01-01T00:00:00.000+0000"], LABELS) == ["arn:<account>:x", "<moment>"]


def test_an_archive_is_known_by_its_hash() -> None:
    archive = {SIGNATURE: ARCHIVE, "hash": "cafe", "path": "/tmp/somewhere"}

    assert canonical(archive, Labels({})) == {SIGNATURE: ARCHIVE, "hash": "cafe"}


def test_every_difference_is_told_with_its_place() -> None:
    assert differences({"a": [1, 2], "b": 1}, {"a": [1, 3]}, "cloud") == [
        "cloud / a[1]: 3 instead of 2",
        'cloud / b: "(none)" instead of 1',
    ]
