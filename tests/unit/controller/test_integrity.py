"""Everything that a rollback could need is read and hashed; what is damaged is named, version by version."""

from pathlib import Path

import pytest

from rollback_plugin.controller.integrity import Integrity, integrity_of
from tests.unit.controller.stand import Stand


@pytest.fixture
def stack(tmp_path: Path) -> Stand:
    stand = Stand(tmp_path)
    stand.deploy()
    stand.wait(30)
    stand.deploy()
    return stand


def found_of(stack: Stand) -> Integrity:
    return integrity_of(stack.journal, stack.archive)


def test_what_is_as_it_was_kept_has_no_problems(stack: Stand) -> None:
    found = found_of(stack)

    assert (found.entries, found.versions, found.problems) == (2, 2, ())


def test_a_changed_version_is_named(stack: Stand) -> None:
    key = "stacks/shop/dev/versions/00000002.json"
    stack.store.write(key, stack.store.read(key).replace(b'"succeeded":true', b'"succeeded":false'))

    (problem,) = found_of(stack).problems

    assert problem.version == 2
    assert key in problem.found


def test_lost_state_is_a_problem_of_every_version_that_needs_it(stack: Stand) -> None:
    for key in list(stack.store.list("blobs/")):
        stack.store.delete(key)

    assert [problem.version for problem in found_of(stack).problems] == [1, 2]
