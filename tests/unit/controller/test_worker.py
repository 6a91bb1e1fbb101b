"""What workers make of the messages of their queue, and what they leave to each other."""

import json
import threading
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
import stamina
from hypothesis import given, settings
from hypothesis import strategies as st

from rollback_plugin.controller.decision import Action
from rollback_plugin.controller.hints import Drop
from rollback_plugin.controller.registry import StackRegistry
from rollback_plugin.controller.stack_controller import Round
from rollback_plugin.controller.worker import LONGEST_STEP, RETRIED_AFTER_SECONDS, Looked, WorkerEvent
from rollback_plugin.errors import EngineLocked, StoreUnreachable
from rollback_plugin.journal.entries import AlarmState
from rollback_plugin.stack import StackName
from tests.unit.controller.place import BOOKS, MAIL, SHOP, TICK, Place


@pytest.fixture(autouse=True)
def _without_waiting() -> Iterator[None]:
    with stamina.set_testing(True, attempts=3, cap=True):
        yield


@pytest.fixture
def place(tmp_path: Path) -> Place:
    (tmp_path / "store").mkdir()
    (tmp_path / "state").mkdir()
    made = Place(tmp_path)
    for stack in (SHOP, BOOKS, MAIL):
        made.add(stack)
    return made


def test_an_alarm_that_rings_undoes_the_deploy_of_its_stack_alone(place: Place) -> None:
    place.rings(SHOP)

    place.until_empty(place.worker())

    assert [outcome.stack for outcome in place.looked] == [SHOP]
    assert [stand.status().applied for stand in place.stands.values()] == [1, 2, 2]


@pytest.mark.parametrize("state", [AlarmState.OK, AlarmState.INSUFFICIENT_DATA])
def test_a_forged_alarm_leads_to_a_look_and_nothing_more(place: Place, state: AlarmState) -> None:
    place.cloudwatch.put("shop-errors", state, place.now())
    forged = {"alarmName": "shop-errors", "state": {"value": "ALARM", "timestamp": place.now().isoformat()}}
    change = {"source": "aws.cloudwatch", "detail-type": "CloudWatch Alarm State Change"}
    place.queue.put(json.dumps({**change, "detail": forged}), "alarms")

    place.until_empty(place.worker())

    (outcome,) = place.looked
    assert isinstance(outcome, Round)
    assert outcome.decision.action is Action.WAIT
    assert place.stands[SHOP].engine.applied == []


@pytest.mark.parametrize(
    ("body", "why"),
    [
        ("rollback everything!", Drop.MALFORMED),
        ('{"stack": "nobody/knows"}', Drop.UNKNOWN_STACK),
        ('{"alarm": "of somebody else"}', Drop.UNKNOWN_ALARM),
    ],
)
def test_a_message_about_nothing_of_ours_is_dropped_at_once_and_for_good(place: Place, body: str, why: Drop) -> None:
    place.queue.put(body, "webhook")

    place.worker().step(threading.Event())

    assert place.queue.waiting == []
    assert place.dropped == [why]
    assert place.looked == []


def test_a_flood_of_unknown_names_does_not_read_the_store_again_and_again(place: Place) -> None:
    worker = place.worker()
    place.rings(SHOP)
    place.until_empty(worker)
    for number in range(50):
        place.queue.put(json.dumps({"alarm": f"forged-{number}"}), "webhook")
    with pytest.MonkeyPatch.context() as watching:
        watching.setattr(StackRegistry, "_read", lambda _: pytest.fail("the store was read again"))
        place.until_empty(worker)

    assert place.dropped == [Drop.UNKNOWN_ALARM] * 50


def test_a_tick_looks_at_every_stack_and_reads_all_alarms_in_one_call(place: Place) -> None:
    place.queue.put(TICK, "ticks")

    place.until_empty(place.worker())

    assert sorted(str(outcome.stack) for outcome in place.looked) == ["books/dev", "mail/dev", "shop/dev"]
    # What new versions' alarms can see is worked out afterwards, once, stack by stack.
    all_alarms, *afterwards = place.cloudwatch.asked_for
    assert sorted(all_alarms) == ["books-errors", "mail-errors", "shop-errors"]
    assert all(len(names) == 1 for names in afterwards)


def test_many_signals_about_one_stack_are_passed_on_as_one(place: Place) -> None:
    for _ in range(10):
        place.rings(SHOP)
    worker = place.worker()

    worker.step(threading.Event())

    assert place.queue.waiting == ['{"stack":"shop/dev"}']
    place.until_empty(worker)
    assert len(place.looked) == 1


def test_a_tick_finds_what_no_event_told_of(place: Place) -> None:
    place.cloudwatch.put("mail-errors", AlarmState.ALARM, place.now())
    place.queue.put(TICK, "ticks")

    place.until_empty(place.worker())

    assert place.stands[MAIL].status().applied == 1


def test_stacks_that_share_an_alarm_are_looked_at_together(place: Place) -> None:
    place.add(StackName("web", "dev"), alarm="books-errors")
    place.alarm_changed("books-errors")

    place.until_empty(place.worker())

    assert [str(outcome.stack) for outcome in place.looked] == ["books/dev", "web/dev"]


def test_after_an_operation_the_stacks_that_were_not_looked_at_yet_are_handed_back(place: Place) -> None:
    for stack in (SHOP, BOOKS, MAIL):
        place.rings(stack)
    first, second = place.worker(), place.worker()
    first.step(threading.Event())
    assert place.looked == []

    first.step(threading.Event())

    assert len(place.looked) == 1
    assert len(place.queue.waiting) == 2
    second.step(threading.Event())
    assert len(place.looked) == 2
    assert place.queue.dead == []


def test_what_is_being_worked_on_is_kept_from_others_for_as_long_as_that_takes(place: Place) -> None:
    place.rings(SHOP)
    first, second = place.worker(), place.worker()
    first.step(threading.Event())

    def takes_minutes() -> None:
        for _ in range(9):
            place.queue.now += 20
            first.beat()
        second.step(threading.Event())

    place.stands[SHOP].engine.on_apply = takes_minutes
    first.step(threading.Event())

    assert len(place.looked) == 1
    assert place.queue.waiting == []


def test_a_worker_that_hangs_gives_no_more_signs_of_life(place: Place) -> None:
    signs: list[datetime] = []
    worker = place.worker()
    worker.sign_of_life = lambda: signs.append(place.now())
    place.rings(SHOP)
    worker.step(threading.Event())

    def hangs() -> None:
        place.stands[SHOP].now += LONGEST_STEP / 2
        worker.beat()
        before = len(signs)
        place.stands[SHOP].now += LONGEST_STEP
        worker.beat()
        assert len(signs) == before

    place.stands[SHOP].engine.on_apply = hangs
    worker.step(threading.Event())

    assert place.stands[SHOP].engine.applied


def test_what_a_worker_that_died_held_comes_back_to_another(place: Place) -> None:
    place.rings(SHOP)
    place.worker().step(threading.Event())
    place.queue.receive(10)
    assert place.queue.receive(10) == []

    place.queue.now += 61
    place.until_empty(place.worker())

    assert place.stands[SHOP].status().applied == 1


def test_a_stack_that_cannot_be_worked_on_is_tried_again_and_ends_as_a_dead_letter(place: Place) -> None:
    place.stands[SHOP].recorder.fails_with = StoreUnreachable("the bucket is gone")
    place.rings(SHOP)
    worker = place.worker()

    for _ in range(20):
        worker.step(threading.Event())
        place.queue.now += RETRIED_AFTER_SECONDS

    assert len(place.looked) == place.queue.redrive_after
    assert [message.body for message in place.queue.dead] == ['{"stack":"shop/dev"}']
    assert place.queue.waiting == []


def test_a_stack_in_trouble_keeps_no_other_from_being_worked_on(place: Place) -> None:
    place.stands[SHOP].recorder.fails_with = StoreUnreachable("the bucket is gone")
    place.rings(SHOP)
    place.rings(MAIL)
    worker = place.worker()

    worker.step(threading.Event())
    worker.step(threading.Event())

    assert place.stands[MAIL].status().applied == 1


def test_a_stack_that_somebody_updates_is_left_to_the_next_tick(place: Place) -> None:
    place.stands[SHOP].recorder.fails_with = EngineLocked("a person updates it")
    place.rings(SHOP)

    place.until_empty(place.worker())

    assert len(place.looked) == 1
    assert place.queue.dead == []


def test_a_worker_that_is_stopped_finishes_its_round_and_hands_back_the_rest(place: Place) -> None:
    stop = threading.Event()
    place.queue.put(TICK, "ticks")

    def stopped_after_the_first(event: WorkerEvent) -> None:
        place.told.append(event)
        if isinstance(event, Looked):
            stop.set()

    worker = place.worker(stopped_after_the_first)

    worker.run(stop)

    assert len(place.looked) == 1
    assert len(place.queue.receive(10)) == 2


@settings(max_examples=15)
@given(
    storm=st.lists(st.sampled_from([SHOP, BOOKS, MAIL]), min_size=1, max_size=40),
    turns=st.lists(st.sampled_from(["first", "second", "third", "minute"]), max_size=30),
)
def test_of_a_storm_nothing_is_lost_and_nothing_done_twice(
    tmp_path_factory: pytest.TempPathFactory, storm: list[StackName], turns: list[str]
) -> None:
    """Several workers, messages that come again, and workers that lose what they held to others."""
    folder = tmp_path_factory.mktemp("storm")
    (folder / "store").mkdir()
    (folder / "state").mkdir()
    place = Place(folder)
    for stack in (SHOP, BOOKS, MAIL):
        place.add(stack)
    workers = {name: place.worker() for name in ("first", "second", "third")}
    for stack in storm:
        place.rings(stack)
    for turn in turns:
        if turn == "minute":
            place.queue.receive(3)  # by a worker that dies
            place.queue.now += timedelta(minutes=2).total_seconds()
        else:
            workers[turn].step(threading.Event())

    place.queue.now += timedelta(minutes=2).total_seconds()
    place.until_empty(*workers.values())

    for stack, stand in place.stands.items():
        assert stand.events.count("rollback_started") == (1 if stack in storm else 0)
        assert stand.status().applied == (1 if stack in storm else 2)
    assert place.queue.dead == []
