"""What consumers would miss is known before the incident, for the state as it was then."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from rollback_plugin.controller.beside import answered
from rollback_plugin.controller.way_back import WayBack
from rollback_plugin.errors import DamagedSnapshot, StoreReadOnly
from rollback_plugin.versions.checkpoint import Checkpoint
from tests.unit.controller.stand import Stand, checkpoint, resource, urn

KEY = "stacks/shop/dev/consumers.json"
GRANT = resource("aws:iam/rolePolicy:RolePolicy", "read-table", urn("aws:iam/role:Role", "role"))


@pytest.fixture
def stack(tmp_path: Path) -> Stand:
    """The older version needs what the newer one doesn't have."""
    stand = Stand(tmp_path)
    stand.deploy(GRANT)
    stand.wait(30)
    stand.deploy()
    return stand


def nothing_is_parsed(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*arguments: Any, **named: Any) -> Checkpoint:
        raise AssertionError("a checkpoint was gone through")

    monkeypatch.setattr(Checkpoint, "parse", refuse)
    monkeypatch.setattr(Checkpoint, "from_lines", refuse)


MISSING: Mapping[str, tuple[str, ...]] = {"orders": (GRANT["urn"],)}


def test_it_is_found_where_nobody_looked_ahead(stack: Stand) -> None:
    assert stack.consumers_ahead.missing(1) == MISSING


def test_what_was_found_ahead_holds_without_going_through_a_checkpoint_again(
    stack: Stand, monkeypatch: pytest.MonkeyPatch
) -> None:
    stack.consumers_ahead.work_out(1)
    nothing_is_parsed(monkeypatch)

    assert stack.consumers_ahead.missing(1) == MISSING


def test_it_is_found_again_once_the_state_is_another(stack: Stand) -> None:
    stack.consumers_ahead.work_out(1)
    stack.backend.state = checkpoint("2", GRANT)

    assert stack.consumers_ahead.missing(1) == {"orders": ()}


def test_it_is_found_again_for_another_version(stack: Stand) -> None:
    stack.consumers_ahead.work_out(1)

    assert stack.consumers_ahead.missing(2) == {"orders": ()}


@pytest.mark.parametrize("damage", [b"", b"{", b'{"missing": {}}', b"[]"])
def test_what_cannot_be_read_is_found_again(stack: Stand, damage: bytes) -> None:
    stack.store.write(KEY, damage)

    assert stack.consumers_ahead.missing(1) == MISSING


def test_what_another_version_of_this_package_found_is_found_again(
    stack: Stand, monkeypatch: pytest.MonkeyPatch
) -> None:
    stack.consumers_ahead.work_out(1)
    monkeypatch.setattr("rollback_plugin.controller.consumers_ahead.installed_version", lambda package: "another")
    nothing_is_parsed(monkeypatch)

    with pytest.raises(AssertionError, match="gone through"):
        stack.consumers_ahead.missing(1)


def test_a_store_that_cannot_be_written_is_no_trouble(stack: Stand, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(key: str, data: bytes) -> None:
        raise StoreReadOnly("nothing can be written")

    monkeypatch.setattr(stack.store, "write", refuse)

    stack.consumers_ahead.work_out(1)

    assert stack.consumers_ahead.missing(1) == MISSING


def test_a_damaged_version_is_said(stack: Stand) -> None:
    for key in list(stack.store.list("blobs/")):
        stack.store.delete(key)

    with pytest.raises(DamagedSnapshot):
        stack.consumers_ahead.work_out(1)


def test_it_is_worked_out_with_the_way_back(stack: Stand) -> None:
    answered(WayBack(stack.journal, stack.engine, stack.consumers_ahead, lambda: stack.now))

    assert stack.store.read(KEY)
