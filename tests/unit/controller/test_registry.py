"""A hint finds its stacks: by name, by alarm, and those that have to be judged together."""

from datetime import timedelta
from pathlib import Path

import pytest

from rollback_plugin.backend.history import Backend
from rollback_plugin.controller.registry import KEPT_FOR, LOOKED_UP_AT_MOST_EVERY, StackRegistry
from rollback_plugin.stack import StackName
from rollback_plugin.store import FolderStore
from tests.unit.controller.stand import Stand
from tests.unit.controller.stories import NOON

A, B, C, D = (StackName(project, "dev") for project in "abcd")


class Backed:
    """A backend with stacks, a store with their versions, and a clock."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.now = NOON
        self.state = FolderStore(folder / "state")
        self.store = FolderStore(folder / "store")

    def add(self, stack: StackName, *alarms: str) -> None:
        """The stack, with one version for each of the alarms."""
        self.state.write(f"stacks/{stack.project}/{stack.stack}.json", b"{}")
        for alarm in alarms:
            Stand(self.folder / "store", stack=stack, alarm=alarm).deploy()

    def registry(self, only: StackName | None = None) -> StackRegistry:
        return StackRegistry(
            Backend(self.state), self.store, lambda: self.now, lambda stack: only is None or stack == only
        )


@pytest.fixture
def backed(tmp_path: Path) -> Backed:
    (tmp_path / "store").mkdir()
    made = Backed(tmp_path)
    made.add(A, "a-errors")
    made.add(B, "shared")
    made.add(C, "shared", "shared-2")
    made.add(D)
    return made


def test_the_stacks_are_the_backends(backed: Backed) -> None:
    backed.state.write("stacks/d/dev.json.bak", b"{}")
    backed.state.write("stacks/d/dev.json.gz", b"{}")

    assert backed.registry().stacks() == (A, B, C, D)
    assert backed.registry().listed() == (A, B, C, D)


def test_an_alarm_leads_to_the_stacks_whose_latest_versions_name_it(backed: Backed) -> None:
    registry = backed.registry()

    assert registry.with_alarm("a-errors") == (A,)
    assert registry.with_alarm("shared") == (B, C)
    assert registry.with_alarm("shared-2") == (C,)
    assert registry.with_alarm("nobody's") == ()


def test_stacks_that_share_alarms_belong_together_also_through_others(backed: Backed) -> None:
    backed.add(D, "shared-2")
    registry = backed.registry()

    assert registry.judged_with([B]) == (B, C, D)
    assert registry.judged_with([D]) == (B, C, D)
    assert registry.judged_with([A]) == (A,)


def test_only_what_it_serves_is_known(backed: Backed) -> None:
    registry = backed.registry(only=B)

    assert registry.stacks() == (B,)
    assert not registry.knows(A)
    assert registry.with_alarm("shared") == (B,)


def test_a_stack_that_is_made_later_is_found_when_it_is_asked_for(backed: Backed) -> None:
    registry = backed.registry()
    assert registry.knows(A)
    new = StackName("new", "dev")
    backed.add(new, "new-errors")
    assert not registry.knows(new)

    backed.now += LOOKED_UP_AT_MOST_EVERY

    assert registry.knows(new)
    assert registry.with_alarm("new-errors") == (new,)


def test_an_alarm_that_changes_hands_is_noticed_in_time(backed: Backed) -> None:
    registry = backed.registry()
    assert registry.with_alarm("a-errors") == (A,)
    backed.add(D, "a-errors")

    backed.now += KEPT_FOR + timedelta(seconds=1)

    assert registry.with_alarm("a-errors") == (A, D)


def test_a_version_that_cannot_be_read_keeps_no_other_stack_from_being_known(backed: Backed) -> None:
    backed.store.write("stacks/a/dev/versions/00000001.json", b"no version")

    registry = backed.registry()

    assert registry.knows(A)
    assert registry.with_alarm("shared") == (B, C)
