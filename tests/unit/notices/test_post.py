"""Each notice is sent by one process, once, in order, through crashes; and what can't be sent stops nothing."""

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

import pytest
import stamina

from rollback_plugin.errors import DeliveryDelayed, DeliveryFailed, InvalidConfiguration, StoreReadOnly
from rollback_plugin.journal.entries import ReasonCode
from rollback_plugin.journal.journal import Journal
from rollback_plugin.notices.channel import Channel
from rollback_plugin.notices.composing import Composer
from rollback_plugin.notices.marks import GONE_AFTER, Marks
from rollback_plugin.notices.notice import Happened, Notice
from rollback_plugin.notices.post import ATTEMPTS, LOOK_AGAIN_AFTER, Post, StackPost
from rollback_plugin.stack import StackName
from rollback_plugin.store import FolderStore
from rollback_plugin.telemetry.interface import Counter
from tests.unit.controller.stories import NOON, Story
from tests.unit.telemetry.told import Lines, Told

SHOP = StackName("shop", "prod")


@pytest.fixture(autouse=True)
def _without_waiting() -> Iterator[None]:
    with stamina.set_testing(True, attempts=ATTEMPTS, cap=True):
        yield


@dataclass
class Recipient:
    """A channel that keeps what it gets."""

    id: str = "recipient"
    kind: str = "double"
    name: str = "a recipient"
    fails_with: list[Exception] = field(default_factory=list)
    """Raised by the next tries, one each."""
    got: list[Notice] = field(default_factory=list)
    tries: int = 0

    def send(self, notice: Notice) -> None:
        self.tries += 1
        if self.fails_with:
            raise self.fails_with.pop(0)
        self.got.append(notice)

    @property
    def happened(self) -> list[Happened]:
        return [notice.happened for notice in self.got]


class Office:
    """A store with a stack's journal, and processes that send its notices."""

    def __init__(self, folder: Path) -> None:
        self.now: datetime = NOON + timedelta(hours=1)
        self.store = FolderStore(folder)
        self.recipient = Recipient()
        self.channels: list[Channel] = [self.recipient]
        self.log, self.telemetry = Lines(), Told()
        self.gone: set[str] = set()

    def post(self) -> Post:
        return Post(self.telemetry, self.log, lambda: self.now)

    def journal(self, post: Post, actor: str = "me@here:1") -> Journal:
        """The journal as a process sees it that sends notices through `post`."""
        marks = Marks(self.store, lambda: self.now, actor, lambda sender, since: sender in self.gone)
        listener = StackPost(post, Composer(SHOP, self.store.location), marks, lambda: self.channels)
        return Journal(self.store, SHOP, lambda: self.now, actor, listener)

    def tell(self, journal: Journal, story: Story) -> None:
        for entry in story.entries:
            journal.append_next(entry.event)

    def look(self, actor: str = "other@there:2") -> Post:
        """Another process begins, and reads the journal."""
        post = self.post()
        self.journal(post, actor).entries()
        assert post.finish(30)
        return post

    @property
    def outcomes(self) -> list[object]:
        return [attributes["outcome"] for counter, attributes in self.telemetry.counted if counter is Counter.NOTICES]


@pytest.fixture
def office(tmp_path: Path) -> Office:
    return Office(tmp_path / "store")


def rollback() -> Story:
    return Story().deploy(1, 0).deploy(2, 30).ring(31).roll_back(2, 1, 32)


TOLD = [Happened.ROLLBACK_STARTED, Happened.ROLLED_BACK]


def test_each_step_is_sent_once_and_in_order(office: Office) -> None:
    post = office.post()
    journal = office.journal(post)
    office.tell(journal, rollback())
    journal.entries()
    assert post.finish(30)

    assert office.recipient.happened == TOLD
    assert office.outcomes == ["sent", "sent"]


def test_who_reads_the_journal_later_sends_nothing_again(office: Office) -> None:
    post = office.post()
    office.tell(office.journal(post), rollback())
    assert post.finish(30)

    office.look()

    assert len(office.recipient.got) == 2


def test_what_a_killed_process_did_not_send_is_sent_by_the_next(office: Office) -> None:
    # A process that wrote its entries and was killed before it sent anything: nobody listened.
    office.tell(Journal(office.store, SHOP, lambda: office.now, "killed@here:1"), rollback())

    office.look()
    office.look()

    assert office.recipient.happened == TOLD


def test_what_happened_long_ago_is_no_news(office: Office) -> None:
    office.tell(Journal(office.store, SHOP, lambda: office.now, "killed@here:1"), rollback())
    office.now += timedelta(hours=25)

    office.look()

    assert office.recipient.got == []


def test_a_channel_that_is_added_gets_what_is_news(office: Office) -> None:
    post = office.post()
    office.tell(office.journal(post), rollback())
    assert post.finish(30)
    added = Recipient("added")
    office.channels.append(added)

    office.look()

    assert (office.recipient.happened, added.happened) == (TOLD, TOLD)


def test_a_notice_that_somebody_may_still_send_is_left_to_them(office: Office) -> None:
    killed_while_sending(office)

    office.look()

    assert office.recipient.got == []


def test_once_the_sender_is_known_to_be_gone_the_next_sends_it(office: Office) -> None:
    killed_while_sending(office)
    office.gone.add("killed@here:1")

    office.look()

    assert office.recipient.happened == TOLD


def test_a_sender_that_cannot_be_seen_is_waited_for(office: Office) -> None:
    killed_while_sending(office)
    post = office.look()

    office.now += LOOK_AGAIN_AFTER
    post.look_again()
    assert post.finish(30)
    assert office.recipient.got == []
    office.now += GONE_AFTER
    post.look_again()
    assert post.finish(30)

    assert office.recipient.happened == TOLD


def killed_while_sending(office: Office) -> None:
    """A process takes both notices, and ends before it has sent them."""

    marks = Marks(office.store, lambda: office.now, "killed@here:1", lambda sender, since: False)
    composer = Composer(SHOP, office.store.location)
    journal = Journal(office.store, SHOP, lambda: office.now, "killed@here:1")
    office.tell(journal, rollback())
    for entry in journal.entries():
        notice = composer.compose(entry)
        if notice is not None:
            marks.take(notice, office.recipient)


def test_of_ten_processes_one_sends(office: Office) -> None:
    office.tell(Journal(office.store, SHOP, lambda: office.now, "killed@here:1"), rollback())
    posts = [office.post() for _ in range(10)]
    ready = threading.Barrier(10)

    def read(number: int) -> None:
        ready.wait()
        office.journal(posts[number], f"worker@host:{number}").entries()

    threads = [threading.Thread(target=read, args=(number,)) for number in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(post.finish(30) for post in posts)

    assert sorted(office.recipient.happened) == sorted(TOLD)


def test_a_channel_that_fails_in_passing_is_tried_again(office: Office) -> None:
    office.recipient.fails_with = [DeliveryDelayed("busy"), DeliveryDelayed("busy", 0.0)]
    office.tell(Journal(office.store, SHOP, lambda: office.now, "killed@here:1"), rollback())

    office.look()

    assert office.recipient.happened == TOLD
    assert office.recipient.tries == 4


@pytest.mark.parametrize(
    ("error", "tries"), [(DeliveryFailed("no such webhook"), 1), (DeliveryDelayed("busy"), ATTEMPTS)]
)
def test_what_cannot_be_sent_is_logged_and_counted_and_not_tried_for_ever(
    office: Office, error: Exception, tries: int
) -> None:
    office.recipient.fails_with = [error] * tries
    story = Story().deploy(1, 0).hold(1, ReasonCode.NO_HEALTHY_VERSION, 1)
    office.tell(Journal(office.store, SHOP, lambda: office.now, "killed@here:1"), story)

    office.look()
    office.look()

    assert (office.recipient.got, office.recipient.tries) == ([], tries)
    assert office.outcomes == ["failed"]
    assert office.log.told == [
        (
            "notice",
            {
                "outcome": "failed",
                "id": "shop/prod/2",
                "happened": "held",
                "channel": "double",
                "to": "a recipient",
                "message": str(error),
            },
        )
    ]


def test_a_channel_that_fails_does_not_keep_another_from_its_notices(office: Office) -> None:
    office.recipient.fails_with = [DeliveryFailed("no")] * 2
    other = Recipient("other")
    office.channels.append(other)
    office.tell(Journal(office.store, SHOP, lambda: office.now, "killed@here:1"), rollback())

    office.look()

    assert other.happened == TOLD


def test_channels_that_cannot_be_found_cost_a_log_line(office: Office) -> None:
    post = office.post()
    marks = Marks(office.store, lambda: office.now, "me@here:1", lambda sender, since: False)

    def find() -> list[Channel]:
        raise InvalidConfiguration("That is no address.")

    listener = StackPost(post, Composer(SHOP, ""), marks, find)
    office.tell(Journal(office.store, SHOP, lambda: office.now, "me@here:1", listener), rollback())
    assert post.finish(30)

    assert office.outcomes == ["failed", "failed"]
    assert {line["message"] for event, line in office.log.told if event == "notice"} == {"That is no address."}


def test_a_store_that_takes_no_marks_is_no_reason_to_fail(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    office.tell(Journal(office.store, SHOP, lambda: office.now, "killed@here:1"), rollback())

    def refuse(key: str, data: bytes) -> None:
        raise StoreReadOnly("read only")

    monkeypatch.setattr(office.store, "create", refuse)
    office.look()

    assert office.outcomes == ["unmarked", "unmarked"]


def test_a_channel_that_hangs_holds_up_nothing(office: Office) -> None:
    go_on, began = threading.Event(), threading.Event()

    class Hanging(Recipient):
        def send(self, notice: Notice) -> None:
            began.set()
            go_on.wait(30)

    office.channels = [Hanging("hanging")]
    post = office.post()
    journal = office.journal(post)

    # Every entry is written while the first notice hangs.
    office.tell(journal, rollback())

    assert began.wait(30)
    assert len(journal.entries()) == len(rollback().entries)
    assert not post.finish(0)
    go_on.set()
    assert post.finish(30)


def test_a_deploy_has_it_said_where_its_notices_would_go(office: Office) -> None:
    post = office.post()
    office.tell(office.journal(post), Story().deploy(1, 0))
    assert post.finish(30)

    assert office.log.told == [("notices_go_to", {"stack": "shop/prod", "channels": ["a recipient"]})]
    assert office.recipient.got == []


def test_a_deploy_has_it_said_where_notices_can_go_nowhere(office: Office) -> None:
    def find() -> list[Channel]:
        raise InvalidConfiguration("That is no address.")

    post = office.post()
    marks = Marks(office.store, lambda: office.now, "me@here:1", lambda sender, since: False)
    listener = StackPost(post, Composer(SHOP, ""), marks, find)
    office.tell(Journal(office.store, SHOP, lambda: office.now, "me@here:1", listener), Story().deploy(1, 0))
    assert post.finish(30)

    assert office.log.told == [
        (
            "notices_go_nowhere",
            {"stack": "shop/prod", "error": "InvalidConfiguration", "message": "That is no address."},
        )
    ]
