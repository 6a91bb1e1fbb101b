"""The hosted controller: takes hints from a queue, and does a round over the stacks they are about.

Any number of workers share a queue. A message that isn't in its stack's own group yet is passed on to it, because a
rule of EventBridge gives all its messages one group
(https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_SqsParameters.html); there SQS keeps the stack to one
worker at a time. That saves work, and is no proof: what keeps two workers from doing the same thing is the journal.

Nothing is lost by a message that gets lost: the next tick looks at every stack.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from rollback_plugin.controller.beside import answered
from rollback_plugin.controller.hint_queue import BATCH, HELD_SECONDS, HintQueue, Message, group_of
from rollback_plugin.controller.hints import AlarmHint, Drop, StackHint, TickHint, parse_hint
from rollback_plugin.controller.registry import StackRegistry
from rollback_plugin.controller.stack_controller import Round, StackController
from rollback_plugin.controller.watch import FailedRound, Watch
from rollback_plugin.errors import EngineLocked, OperationInProgress, RollbackPluginError
from rollback_plugin.stack import StackName

RETRIED_AFTER_SECONDS = 20
BEATS_EVERY_SECONDS = HELD_SECONDS / 3
LONGEST_STEP = timedelta(hours=1)
"""A worker that takes longer for one batch hangs: it gives no more signs of life, and others get its messages."""


@dataclass(frozen=True, slots=True)
class Dropped:
    """A message that led to nothing: nobody can say what it means, or it is about nothing of ours."""

    message: str
    """Its id. Its content isn't repeated: anybody may have sent it."""
    why: Drop


@dataclass(frozen=True, slots=True)
class PassedOn:
    """Messages that became one for each of the stacks they are about."""

    messages: int
    stacks: int


@dataclass(frozen=True, slots=True)
class Looked:
    """What a round over a stack came to."""

    outcome: Round | FailedRound


@dataclass(frozen=True, slots=True)
class Trouble:
    """Something besides a stack's round failed; it is tried again."""

    error: RollbackPluginError


WorkerEvent = Dropped | PassedOn | Looked | Trouble


@dataclass
class Worker:
    """One process of the hosted controller."""

    queue: HintQueue
    registry: StackRegistry
    open_stack: Callable[[StackName], StackController]
    clock: Callable[[], datetime]
    tell: Callable[[WorkerEvent], None]
    sign_of_life: Callable[[], None] = lambda: None
    """Called at least every twenty seconds, unless the worker hangs."""
    _controllers: dict[StackName, StackController] = field(default_factory=dict)
    _held: dict[str, Message] = field(default_factory=dict)
    """By id, what nobody else may get for now; shared with the thread that beats."""
    _holding: threading.Lock = field(default_factory=threading.Lock)
    _step_began: datetime | None = None
    _limit: int = BATCH

    def run(self, stop: threading.Event) -> None:
        """Work until `stop` is set; a round that has begun is finished, what has not is handed back."""
        with self._beating():
            while not stop.is_set():
                try:
                    self.step(stop)
                except RollbackPluginError as error:
                    self.tell(Trouble(error))
                    stop.wait(RETRIED_AFTER_SECONDS)

    def step(self, stop: threading.Event) -> None:
        """Receive some messages, if there are any, and deal with them. Raises `CloudError`s of the queue."""
        messages = self.queue.receive(self._limit)
        self._step_began = self.clock()
        self.sign_of_life()
        with self._holding:
            self._held = {message.id: message for message in messages}
        try:
            self._look(self._sorted(messages), stop)
        finally:
            self._release(tuple(self._held.values()), 0)
            self._step_began = None

    def beat(self) -> None:
        """Keep what is held from others. Raises `CloudError`s."""
        if self._step_began is not None and self.clock() - self._step_began > LONGEST_STEP:
            return
        self.sign_of_life()
        with self._holding:
            self.queue.hold(tuple(self._held.values()), HELD_SECONDS)

    def _sorted(self, messages: Sequence[Message]) -> dict[StackName, list[Message]]:
        """The messages that are in their stack's own group, by stack; the others are dropped or passed on."""
        ready: dict[StackName, list[Message]] = {}
        passed_on: list[Message] = []
        about: dict[StackName, Message] = {}
        for message in messages:
            try:
                stacks = self._about(message)
            except RollbackPluginError as error:
                self.tell(Trouble(error))
                self._end([message], retry=True)
                continue
            if isinstance(stacks, Drop):
                self.tell(Dropped(message.id, stacks))
                self._end([message], retry=False)
            elif [group_of(stack) for stack in stacks] == [message.group]:
                ready.setdefault(stacks[0], []).append(message)
            else:
                passed_on.append(message)
                about |= {stack: about.get(stack, message) for stack in stacks}
        if passed_on:
            self._pass_on(passed_on, about)
        return ready

    def _pass_on(self, messages: Sequence[Message], about: Mapping[StackName, Message]) -> None:
        """One message for each stack, however many were about it."""
        try:
            self.queue.send(about)
        except RollbackPluginError as error:
            self.tell(Trouble(error))
            self._end(messages, retry=True)
            return
        self.tell(PassedOn(len(messages), len(about)))
        self._end(messages, retry=False)

    def _about(self, message: Message) -> Sequence[StackName] | Drop:
        """The stacks to look at; of those that have to be judged together, the first stands for all."""
        hint = parse_hint(message.body)
        match hint:
            case Drop():
                return hint
            case TickHint():
                stacks: Sequence[StackName] = self.registry.stacks()
            case StackHint():
                if not self.registry.knows(hint.stack):
                    return Drop.UNKNOWN_STACK
                stacks = [hint.stack]
            case AlarmHint():
                stacks = self.registry.with_alarm(hint.alarm)
                if not stacks:
                    return Drop.UNKNOWN_ALARM
        return tuple(dict.fromkeys(self.registry.judged_with([stack])[0] for stack in stacks))

    def _look(self, ready: Mapping[StackName, Sequence[Message]], stop: threading.Event) -> None:
        """A round over each stack, all alarms read at once; up to the first that something was done to.

        By then what was read of the others is old, and other workers may have nothing to do: they are handed back, and
        one message at a time is taken for as long as that goes on.
        """
        self._limit = BATCH
        together = {stack: first for first in ready for stack in self.registry.judged_with([first])}
        controllers = [self._controller(stack) for stack in together]
        left = Counter(together.values())
        failed: set[StackName] = set()
        looked_at: list[StackController] = []
        for place, outcome in Watch(controllers).rounds():
            self.tell(Looked(outcome))
            looked_at.append(controllers[place])
            first = together[outcome.stack]
            left[first] -= 1
            if isinstance(outcome, FailedRound) and not isinstance(outcome.error, EngineLocked | OperationInProgress):
                failed.add(first)
            if not left[first]:
                self._end(ready[first], retry=first in failed)
            if isinstance(outcome, Round) and outcome.result is not None:
                self._limit = 1
                break
            if stop.is_set():
                break
        self._release(tuple(self._held.values()), 0)
        self._answer_studies(looked_at)

    def _answer_studies(self, controllers: Sequence[StackController]) -> None:
        for study in (study for controller in controllers for study in controller.studies):
            try:
                answered(study)
            except RollbackPluginError as error:
                # Still due: whoever looks at the stack next tries again.
                self.tell(Trouble(error))

    def _controller(self, stack: StackName) -> StackController:
        if stack not in self._controllers:
            self._controllers[stack] = self.open_stack(stack)
        return self._controllers[stack]

    def _end(self, messages: Sequence[Message], *, retry: bool) -> None:
        if retry:
            self._release(messages, RETRIED_AFTER_SECONDS)
            return
        self._forget(messages)
        self.queue.delete(messages)

    def _release(self, messages: Sequence[Message], seconds: int) -> None:
        self._forget(messages)
        self.queue.hold(messages, seconds)

    def _forget(self, messages: Sequence[Message]) -> None:
        with self._holding:
            for message in messages:
                self._held.pop(message.id, None)

    @contextmanager
    def _beating(self) -> Iterator[None]:
        ended = threading.Event()

        def beat() -> None:
            while not ended.wait(BEATS_EVERY_SECONDS):
                try:
                    self.beat()
                except RollbackPluginError as error:
                    self.tell(Trouble(error))

        thread = threading.Thread(target=beat, name="heartbeat", daemon=True)
        thread.start()
        try:
            yield
        finally:
            ended.set()
            thread.join()
