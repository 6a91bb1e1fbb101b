"""The stacks of a backend, opened where there is no project."""

import json
from pathlib import Path

import pytest

from rollback_plugin.controller.fleet import Fleet
from rollback_plugin.controller.watch import FailedRound, Watch
from rollback_plugin.errors import InvalidConfiguration, NotLoggedIn
from rollback_plugin.stack import StackName
from tests.unit.controller.stories import NOON

DEV, PROD = StackName("shop", "dev"), StackName("shop", "prod")


@pytest.fixture
def backend(tmp_path: Path) -> Path:
    for stack in (DEV, PROD):
        file = tmp_path / "state" / ".pulumi" / "stacks" / stack.project / f"{stack.stack}.json"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("{}")
    (tmp_path / "state" / ".pulumi" / "meta.yaml").write_text("version: 1\n")
    return tmp_path / "state"


def fleet_of(backend: Path, *patterns: str, store_url: str | None = None) -> Fleet:
    environ = {"PULUMI_BACKEND_URL": backend.as_uri(), "AWS_ACCESS_KEY_ID": "testing", "AWS_REGION": "eu-central-1"}
    return Fleet.of_backend(environ, backend.parent / "scratch", lambda: NOON, store_url=store_url, patterns=patterns)


def test_every_stack_is_opened_from_the_backend_alone(backend: Path) -> None:
    opened = fleet_of(backend).open_new([])

    assert [controller.stack for controller in opened] == [DEV, PROD]
    assert [controller.status().newest for controller in opened] == [None, None]


def test_stacks_share_their_connections(backend: Path) -> None:
    fleet = fleet_of(backend)

    first, second = fleet.open_new([])

    assert first.backend is second.backend
    assert first.alarm_source().client is second.alarm_source().client


def test_new_stacks_are_opened_and_known_ones_left_alone(backend: Path) -> None:
    fleet = fleet_of(backend)
    known = fleet.open_new([])
    (backend / ".pulumi" / "stacks" / "shop" / "test.json").write_text("{}")

    assert [controller.stack.stack for controller in fleet.open_new(known)] == ["test"]


def test_a_stack_with_a_store_of_its_own_is_left_alone_and_said(backend: Path) -> None:
    update = backend / ".pulumi" / "history" / "shop" / "prod" / "prod-1772366460000000000.history.json"
    update.parent.mkdir(parents=True)
    history = {"kind": "update", "startTime": 1, "endTime": 2, "result": "succeeded"}
    update.write_text(json.dumps({**history, "config": {"rollback:store": "s3://elsewhere"}}))
    update.with_name("prod-1772366460000000000.checkpoint.json").write_text("{}")

    untroubled, failed = Watch(fleet_of(backend).open_new([])).tick()

    assert not isinstance(untroubled, FailedRound)
    assert isinstance(failed, FailedRound)
    assert failed.stack == PROD
    assert isinstance(failed.error, InvalidConfiguration)
    assert "store of its own" in str(failed.error)


def test_patterns_say_which_stacks_are_served(backend: Path) -> None:
    assert [controller.stack for controller in fleet_of(backend, "shop/p*").open_new([])] == [PROD]


def test_the_store_lies_beside_the_state_unless_another_is_named(backend: Path) -> None:
    assert fleet_of(backend).store_url == f"{backend.as_uri()}/.rollback"
    assert fleet_of(backend, store_url="s3://versions").store_url == "s3://versions"


def test_without_a_backend_nobody_can_say_which_stacks_are_meant(tmp_path: Path) -> None:
    with pytest.raises(NotLoggedIn, match="PULUMI_BACKEND_URL"):
        Fleet.of_backend({}, tmp_path, lambda: NOON)


def test_a_queue_is_asked_in_its_own_region(backend: Path) -> None:
    client = fleet_of(backend).sqs("https://sqs.us-west-2.amazonaws.com/123456789012/hints.fifo")
    elsewhere = fleet_of(backend).sqs("http://127.0.0.1:5000/123456789012/hints.fifo")

    assert client.meta.region_name == "us-west-2"
    assert elsewhere.meta.region_name == "eu-central-1"


def test_what_is_no_queues_url_is_refused(backend: Path) -> None:
    with pytest.raises(InvalidConfiguration, match=r"hints\.fifo is no queue's URL"):
        fleet_of(backend).sqs("hints.fifo")
