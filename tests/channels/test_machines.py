"""State machines: every operation in any order, against a plain sequential model of each flavour.

Time is virtual and blocking is seen: a wait moves the clock to its end at once, and one that nothing would ever end
raises Stuck, which is also an interrupt (P1).
"""

import sys
from collections import deque
from collections.abc import Callable
from typing import Any, ClassVar

import pytest
from hypothesis import seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from tests.channels.support import waiters
from treadle import (
    ChannelError,
    Empty,
    Full,
    HandleClosed,
    MovedError,
    Owned,
    RecvError,
    RecvTimeout,
    Select,
    SelectTimeout,
    SendError,
    SendTimeout,
    after,
    at,
    bounded,
    never,
    recv,
    select,
    send,
    tick,
    unbounded,
)
from treadle.channels import waiting
from treadle.channels.flavours.latest import Latest
from treadle.channels.receivers import SharedReceiver
from treadle.channels.senders import Sender

INDEX = st.integers(0, 3)
TIMEOUTS = st.sampled_from([None, -1, 0, 2, float("inf")])
BATCH = st.integers(0, 4)
SETTINGS = settings(database=None, deadline=None, max_examples=40, stateful_step_count=40)


class Stuck(BaseException):
    """The operation waits, and nothing would ever end that."""


class Clock:
    """A clock that only waits move; its instants are integers, and so exact."""

    def __init__(self) -> None:
        self.now = 1_000
        self._patch = pytest.MonkeyPatch()
        for name, module in list(sys.modules.items()):
            if name.startswith("treadle.channels") and hasattr(module, "monotonic"):
                self._patch.setattr(module, "monotonic", lambda: self.now)
        self._patch.setattr(waiting, "allocate_lock", lambda: Gate(self))

    def undo(self) -> None:
        self._patch.undo()


class Gate:
    """The lock that a waiter sleeps on."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._locked = False

    def acquire(self, blocking: bool = True, timeout: float = -1) -> bool:
        if not self._locked:
            self._locked = True
            return True
        if not blocking:
            return False
        if timeout < 0 or timeout > 1e6:
            raise Stuck
        assert timeout == int(timeout), "an instant of another clock"
        self._clock.now += int(timeout)
        return False

    def release(self) -> None:
        if not self._locked:
            raise RuntimeError
        self._locked = False


Outcome = tuple[Any, ...]  # "ok", value; or the class of the error, and the message it carries


def outcome_of(operation: Callable[[], Any]) -> Outcome:
    try:
        return "ok", operation()
    except (ChannelError, StopIteration, Stuck) as error:
        return type(error), getattr(error, "message", None)


def same(outcome: Outcome, expected: Outcome) -> bool:
    """Compare messages by identity, lists item by item."""
    (kind, value), (expected_kind, expected_value) = outcome, expected
    if isinstance(expected_value, list):
        alike = len(value) == len(expected_value) and all(map(is_same, value, expected_value))
    else:
        alike = is_same(value, expected_value)
    return kind is expected_kind or (kind == expected_kind == "ok" and alike)


def is_same(value: object, expected: object) -> bool:
    """An Owned arrives as another one with the very same value."""
    if isinstance(expected, Owned):
        return isinstance(value, Owned) and value.value is expected.value
    return value is expected or (isinstance(expected, (int, float)) and value == expected)


class Side:
    """The handles of one side, each with whether it is open."""

    def __init__(self, handle: Any) -> None:
        self.handles: list[list[Any]] = [[handle, True]]

    def pick(self, index: int) -> tuple[Any, bool]:
        handle, is_open = self.handles[index % len(self.handles)]
        return handle, is_open

    def open_handles(self) -> list[Any]:
        return [handle for handle, is_open in self.handles if is_open]

    @property
    def count(self) -> int:
        return len(self.open_handles())


@pytest.mark.statement(
    "S2",
    "S3",
    "S5",
    "S6",
    "S7",
    "S15",
    "S16",
    "S17",
    "S24",
    "S25",
    "S27",
    "S28",
    "S29",
    "S30",
    "S32",
    "S34",
    "S38",
    "S39",
    "S43",
    "S45",
    "S46",
    "S52",
    "S53",
    "S54",
    "S58",
    "S61",
    "S78",
    "S79",
    "S111",
    "P13",
)
class AgainstTheModel(RuleBasedStateMachine):
    """One channel; a flavour says how it is made and what it holds."""

    capacity: ClassVar[int | None] = None
    holds: ClassVar[int | None] = None  # messages; what comes in beyond that replaces the oldest

    def __init__(self) -> None:
        super().__init__()
        self.clock = Clock()
        tx, rx = self.make()
        self.state = tx._lease.channel
        self.senders, self.receivers = Side(tx), Side(rx)
        self.weak = [tx.downgrade()]
        self.iterators: list[list[Any]] = []  # the iterator, its receiver's place, and whether it has ended
        self.queue: deque[object] = deque(maxlen=self.holds)

    def make(self) -> tuple[Any, Any]:
        return unbounded[Any]() if self.capacity is None else bounded[Any](self.capacity)

    def teardown(self) -> None:
        self.clock.undo()

    # --- the model ---

    def room(self) -> int:
        return 1_000 if self.capacity is None else self.capacity - len(self.queue)

    def obstacle_of_send(self, is_open: bool, blocked: type[BaseException]) -> type[BaseException] | None:
        if not is_open:
            return HandleClosed
        if not self.receivers.count:
            return SendError
        return None if self.room() else blocked

    def obstacle_of_recv(self, is_open: bool, blocked: type[BaseException]) -> type[BaseException] | None:
        if not is_open:
            return HandleClosed
        if self.queue:
            return None
        return blocked if self.senders.count else RecvError

    def took(self, before: int, timeout: float | None, blocked: bool) -> None:
        """Check that a timed operation took its whole timeout, and any other no time (S47, P9)."""
        waited = int(timeout) if blocked and timeout is not None and 0 < timeout < 1e6 else 0
        assert self.clock.now - before == waited

    # --- sending ---

    def check_send(
        self, index: int, message: object, blocked: type[BaseException], do: Callable[[Any], object]
    ) -> bool:
        """Send and compare; say whether it would have blocked."""
        tx, is_open = self.senders.pick(index)
        obstacle = self.obstacle_of_send(is_open, blocked)
        expected = None if blocked is Stuck and obstacle is Stuck else message
        value = message.value if isinstance(message, Owned) else None
        outcome = outcome_of(lambda: do(tx))
        if obstacle is None:
            assert outcome == ("ok", None)
            self.queue.append(Owned(value) if isinstance(message, Owned) else message)
            if isinstance(message, Owned):
                with pytest.raises(MovedError):
                    message.take()
        else:
            assert outcome[0] is obstacle
            assert outcome[1] is expected
            assert not isinstance(message, Owned) or message.value is value
        return obstacle is blocked

    @rule(index=INDEX, owned=st.booleans())
    def send(self, index: int, owned: bool) -> None:
        message = Owned(object()) if owned else object()
        self.check_send(index, message, Stuck, lambda tx: tx.send(message))

    @rule(index=INDEX, owned=st.booleans())
    def try_send(self, index: int, owned: bool) -> None:
        message = Owned(object()) if owned else object()
        blocked = Full
        self.check_send(index, message, blocked, lambda tx: tx.try_send(message))

    @rule(index=INDEX, timeout=TIMEOUTS, owned=st.booleans(), as_deadline=st.booleans())
    def send_timeout(self, index: int, timeout: float | None, owned: bool, as_deadline: bool) -> None:
        message, before = Owned(object()) if owned else object(), self.clock.now
        for_ever = timeout is None or timeout > 1e6

        def do(tx: Any) -> None:
            if as_deadline:
                tx.send_deadline(message, None if timeout is None else before + timeout)
            else:
                tx.send_timeout(message, timeout)

        blocked = self.check_send(index, message, Stuck if for_ever else SendTimeout, do)
        self.took(before, timeout, blocked)

    @rule(index=INDEX, number=BATCH, owned=st.booleans())
    def send_many(self, index: int, number: int, owned: bool) -> None:
        tx, is_open = self.senders.pick(index)
        values = [object() for _ in range(number)]
        messages = [Owned(value) for value in values] if owned else values
        outcome = outcome_of(lambda: tx.send_many(iter(messages)))
        refused = self.obstacle_of_send(is_open, Full)
        if refused is HandleClosed or (number and refused is SendError):
            assert same(outcome, (refused, messages))
            return
        sent = min(self.room(), number)
        assert outcome[0] == ("ok" if sent == number else Stuck)
        self.queue.extend(map(Owned, values[:sent]) if owned else values[:sent])

    @rule(index=INDEX, timeout=TIMEOUTS)
    def select_send(self, index: int, timeout: float | None) -> None:
        """A select of one case ends as the operation does (S111)."""
        tx, is_open = self.senders.pick(index)
        message, before = object(), self.clock.now
        for_ever = timeout is None or timeout > 1e6
        blocked: type[BaseException] = Stuck if for_ever else SelectTimeout
        obstacle = self.obstacle_of_send(is_open, blocked)
        kind, done = outcome_of(lambda: select(send(tx, message), timeout=timeout))
        self.took(before, timeout, obstacle is blocked)
        if obstacle is blocked:
            assert kind is blocked
        elif obstacle is None:
            assert (kind, done.index, done.value) == ("ok", 0, None)
            self.queue.append(message)
        else:
            assert type(done.error) is obstacle
            assert getattr(done.error, "message", None) is message

    # --- receiving ---

    def check_recv(self, is_open: bool, blocked: type[BaseException], do: Callable[[], object]) -> bool:
        """Receive and compare; say whether it would have blocked."""
        obstacle = self.obstacle_of_recv(is_open, blocked)
        outcome = outcome_of(do)
        assert same(outcome, ("ok", self.queue.popleft()) if obstacle is None else (obstacle, None))
        return obstacle is blocked

    @rule(index=INDEX)
    def recv(self, index: int) -> None:
        rx, is_open = self.receivers.pick(index)
        self.check_recv(is_open, Stuck, rx.recv)

    @rule(index=INDEX)
    def try_recv(self, index: int) -> None:
        rx, is_open = self.receivers.pick(index)
        self.check_recv(is_open, Empty, rx.try_recv)

    @rule(index=INDEX, timeout=TIMEOUTS, as_deadline=st.booleans())
    def recv_timeout(self, index: int, timeout: float | None, as_deadline: bool) -> None:
        rx, is_open = self.receivers.pick(index)
        before = self.clock.now
        for_ever = timeout is None or timeout > 1e6

        def do() -> object:
            if as_deadline:
                return rx.recv_deadline(None if timeout is None else before + timeout)
            return rx.recv_timeout(timeout)

        self.took(before, timeout, self.check_recv(is_open, Stuck if for_ever else RecvTimeout, do))

    @rule(index=INDEX, limit=st.one_of(st.none(), st.integers(1, 4)))
    def recv_many(self, index: int, limit: int | None) -> None:
        rx, is_open = self.receivers.pick(index)
        obstacle = self.obstacle_of_recv(is_open, Stuck)
        outcome = outcome_of(lambda: rx.recv_many(limit))
        taken = self.take(len(self.queue) if limit is None else limit) if obstacle is None else None
        assert same(outcome, (obstacle or "ok", taken))

    @rule(index=INDEX)
    def drain(self, index: int) -> None:
        rx, is_open = self.receivers.pick(index)
        outcome = outcome_of(rx.drain)
        assert same(outcome, ("ok", self.take(len(self.queue))) if is_open else (HandleClosed, None))

    def take(self, limit: int) -> list[object]:
        return [self.queue.popleft() for _ in range(min(limit, len(self.queue)))]

    @rule(index=INDEX, timeout=TIMEOUTS)
    def select_recv(self, index: int, timeout: float | None) -> None:
        """A select of one case ends as the operation does (S111); a case that is never ready changes nothing."""
        rx, is_open = self.receivers.pick(index)
        before = self.clock.now
        for_ever = timeout is None or timeout > 1e6
        blocked: type[BaseException] = Stuck if for_ever else SelectTimeout
        obstacle = self.obstacle_of_recv(is_open, blocked)
        kind, done = outcome_of(lambda: select(recv(never()), recv(rx), timeout=timeout))
        self.took(before, timeout, obstacle is blocked)
        if obstacle is blocked:
            assert kind is blocked
        elif obstacle is None:
            assert done.index == 1
            assert is_same(done.value, self.queue.popleft())
        else:
            assert type(done.error) is obstacle

    @rule(index=INDEX, trying=st.booleans())
    def make_iterator(self, index: int, trying: bool) -> None:
        place = index % len(self.receivers.handles)
        rx = self.receivers.handles[place][0]
        self.iterators.append([rx.try_iter() if trying else iter(rx), place, trying, False])

    @precondition(lambda self: self.iterators)
    @rule(index=INDEX)
    def iterate(self, index: int) -> None:
        """S77-S79: an iterator that has ended keeps ending; one that only tries does not."""
        entry = self.iterators[index % len(self.iterators)]
        iterator, place, trying, ended = entry
        is_open = self.receivers.handles[place][1]
        if ended:
            assert outcome_of(lambda: next(iterator))[0] is StopIteration
            return
        obstacle = self.obstacle_of_recv(is_open, StopIteration if trying else Stuck)
        if obstacle is RecvError:
            obstacle = StopIteration
            entry[3] = not trying
        outcome = outcome_of(lambda: next(iterator))
        if obstacle is None:
            assert same(outcome, ("ok", self.queue.popleft()))
        else:
            assert outcome[0] is obstacle

    # --- handles ---

    @rule(index=INDEX, sending=st.booleans())
    def clone(self, index: int, sending: bool) -> None:
        side = self.senders if sending else self.receivers
        handle, is_open = side.pick(index)
        kind, twin = outcome_of(handle.clone)
        assert kind == ("ok" if is_open else HandleClosed)
        if is_open:
            side.handles.append([twin, True])

    @rule(index=INDEX, sending=st.booleans(), how=st.sampled_from(["close", "with", "drop"]))
    def close(self, index: int, sending: bool, how: str) -> None:
        side = self.senders if sending else self.receivers
        index %= len(side.handles)
        handle, _ = side.handles[index]
        in_use = any(place >= index for _, place, _, _ in self.iterators) and not sending
        if how == "drop" and len(side.handles) > 1 and not in_use:
            del side.handles[index]
        elif how == "with":
            with handle:
                side.handles[index][1] = False
        else:
            handle.close()
            side.handles[index][1] = False
        del handle
        if not self.receivers.count:
            self.queue.clear()

    @rule(index=INDEX)
    def downgrade(self, index: int) -> None:
        tx, is_open = self.senders.pick(index)
        kind, weak = outcome_of(tx.downgrade)
        assert kind == ("ok" if is_open else HandleClosed)
        if is_open:
            self.weak.append(weak)

    @rule(index=INDEX)
    def upgrade(self, index: int) -> None:
        tx = self.weak[index % len(self.weak)].upgrade()
        assert (tx is not None) == (self.senders.count > 0)
        if tx is not None:
            self.senders.handles.append([tx, True])

    # --- what is always so ---

    @invariant()
    def observers_agree(self) -> None:
        handles = self.senders.open_handles() + self.receivers.open_handles()
        for handle in handles:
            assert len(handle) == len(self.queue)
            assert handle.is_empty() is (not self.queue)
            assert handle.is_full() is (self.room() == 0)
            assert handle.capacity == self.capacity
            assert handle.sender_count() == self.senders.count
            assert handle.receiver_count() == self.receivers.count
            assert handle.same_channel(handles[0])
        for tx in self.senders.open_handles():
            assert tx.is_disconnected() is (self.receivers.count == 0)
        for rx in self.receivers.open_handles():
            assert rx.is_disconnected() is (self.senders.count == 0)

    @invariant()
    def closed_handles_say_so(self) -> None:
        for handle, is_open in self.senders.handles + self.receivers.handles:
            if not is_open:
                for observe in (handle.is_empty, handle.is_full, handle.is_disconnected, handle.sender_count):
                    with pytest.raises(HandleClosed):
                        observe()

    @invariant()
    def nobody_stands_in_line(self) -> None:
        assert not waiters(self.state.senders)
        assert not waiters(self.state.receivers)


class UnboundedMachine(AgainstTheModel):
    pass


class BoundedOneMachine(AgainstTheModel):
    capacity = 1


class BoundedTwoMachine(AgainstTheModel):
    capacity = 2


class BoundedFiveMachine(AgainstTheModel):
    capacity = 5


class RendezvousMachine(AgainstTheModel):
    """One thread never meets itself, so nothing gets through (S96)."""

    capacity = 0


class LatestMachine(AgainstTheModel):
    holds = 1

    def make(self) -> tuple[Any, Any]:
        state = Latest[Any]()
        return Sender(state), SharedReceiver(state)

    def room(self) -> int:
        return 1_000


class Timed:
    """What the model knows of a timer: when it is due, and its period if it ticks."""

    def __init__(self, receiver: Any, due: int | None, period: int | None = None) -> None:
        self.receivers = Side(receiver)
        self.state = receiver._lease.channel
        self.due = due
        self.period = period

    def take(self, now: int) -> int:
        due = self.due
        assert due is not None
        self.due = (
            None
            if self.period is None
            else max(due + self.period, now if due + self.period > now else now + self.period)
        )
        return due


def make_timer(kind: str, number: int, now: int) -> Timed:
    if kind == "after":
        return Timed(after(number), now + max(number, 0))
    if kind == "at":
        return Timed(at(now + number), now + number)
    if kind == "tick":
        period = max(number, 0)
        return Timed(tick(period), now + period, period)
    return Timed(never(), None)


KINDS = st.sampled_from(["after", "at", "tick", "never"])


@pytest.mark.statement("S118", "S119", "S120", "S121", "S122", "S124", "S125", "S126", "S128", "S129")
class TimersMachine(RuleBasedStateMachine):
    """after, at, tick and never, and what time makes of them."""

    @initialize(kind=KINDS, number=st.integers(-1, 3))
    def begin(self, kind: str, number: int) -> None:
        self.clock = Clock()
        self.timers = [make_timer(kind, number, self.clock.now)]

    def teardown(self) -> None:
        if hasattr(self, "clock"):
            self.clock.undo()

    def pick(self, index: int, clone: int) -> tuple[Timed, Any, bool]:
        timed = self.timers[index % len(self.timers)]
        return timed, *timed.receivers.pick(clone)

    @rule(kind=KINDS, number=st.integers(-1, 3))
    def make(self, kind: str, number: int) -> None:
        self.timers.append(make_timer(kind, number, self.clock.now))

    @rule(seconds=st.integers(1, 5))
    def let_time_pass(self, seconds: int) -> None:
        self.clock.now += seconds

    @rule(index=INDEX, clone=INDEX)
    def clone(self, index: int, clone: int) -> None:
        timed, rx, is_open = self.pick(index, clone)
        if is_open:
            timed.receivers.handles.append([rx.clone(), True])

    @rule(index=INDEX, clone=INDEX)
    def close(self, index: int, clone: int) -> None:
        timed, rx, _ = self.pick(index, clone)
        rx.close()
        timed.receivers.handles[clone % len(timed.receivers.handles)][1] = False

    def is_due(self, timed: Timed) -> bool:
        return timed.due is not None and timed.due <= self.clock.now

    def expected(
        self, timed: Timed, is_open: bool, timeout: float | None
    ) -> tuple[int, type[BaseException] | None]:
        """Give when the receive ends, and what prevents it."""
        now = self.clock.now
        for_ever = timeout is None or timeout > 1e6
        until = None if for_ever else now + max(int(timeout or 0), 0)
        if not is_open:
            return now, HandleClosed
        if timed.due is not None and (until is None or timed.due <= max(until, now)):
            return max(timed.due, now), None
        return (now, Stuck) if until is None else (until, RecvTimeout)

    @rule(index=INDEX, clone=INDEX, timeout=TIMEOUTS)
    def recv_timeout(self, index: int, clone: int, timeout: float | None) -> None:
        timed, rx, is_open = self.pick(index, clone)
        end, obstacle = self.expected(timed, is_open, timeout)
        kind, value = outcome_of(lambda: rx.recv() if timeout is None else rx.recv_timeout(timeout))
        assert self.clock.now == end
        assert kind == (obstacle or "ok")
        assert obstacle or value == timed.take(end)

    @rule(index=INDEX, clone=INDEX)
    def try_recv(self, index: int, clone: int) -> None:
        timed, rx, is_open = self.pick(index, clone)
        kind, value = outcome_of(rx.try_recv)
        if not is_open:
            assert kind is HandleClosed
        elif self.is_due(timed):
            assert (kind, value) == ("ok", timed.take(self.clock.now))
        else:
            assert kind is Empty

    @rule(index=INDEX, clone=INDEX)
    def drain(self, index: int, clone: int) -> None:
        timed, rx, is_open = self.pick(index, clone)
        kind, value = outcome_of(rx.drain)
        if not is_open:
            assert kind is HandleClosed
        else:
            assert value == ([timed.take(self.clock.now)] if self.is_due(timed) else [])

    @rule(one=INDEX, other=INDEX, timeout=TIMEOUTS)
    def select_first(self, one: int, other: int, timeout: float | None) -> None:
        """The one that is due first is selected, and the other keeps its message."""
        both = [self.pick(one, 0), self.pick(other, 0)]
        ends = [self.expected(timed, is_open, timeout) for timed, _, is_open in both]
        done = [end for end in ends if end[1] in {None, HandleClosed}]
        at_last = min(end for end, _ in done or ends)
        ready = [index for index, end in enumerate(ends) if end in done and end[0] == at_last]
        kind, value = outcome_of(
            lambda: select(*(recv(rx) for _, rx, _ in both), timeout=timeout, biased=True)
        )
        assert self.clock.now == at_last
        if not done:
            assert kind is (Stuck if ends[0][1] is Stuck else SelectTimeout)
            return
        assert (kind, value.index) == ("ok", ready[0])
        timed, _, is_open = both[ready[0]]
        if is_open:
            assert value.value == timed.take(at_last)
        else:
            assert type(value.error) is HandleClosed

    @invariant()
    def observers_agree(self) -> None:
        for timed in getattr(self, "timers", []):
            for rx in timed.receivers.open_handles():
                assert len(rx) == self.is_due(timed)
                assert rx.is_empty() is not self.is_due(timed)
                assert rx.is_full() is (self.is_due(timed) or rx.capacity == 0)
                assert rx.is_disconnected() is False
                assert rx.same_channel(timed.receivers.open_handles()[0])
            assert not waiters(timed.state.receivers)


@pytest.mark.statement("S82", "S83", "S84", "S85", "S89", "S90", "S93", "S94", "S95", "S105", "S113")
class SelectMachine(RuleBasedStateMachine):
    """A select that is used again and again, over channels of all flavours."""

    @initialize(biased=st.booleans())
    def begin(self, biased: bool) -> None:
        self.clock = Clock()
        self.biased = biased
        self.select: Select[Any] = Select(biased=biased)
        self.added = 0
        self.cases: dict[int, tuple[str, int, object]] = {}
        pairs: list[Any] = [unbounded[Any](), bounded[Any](1), bounded[Any](0)]
        self.senders = [[tx, True] for tx, _ in pairs]
        self.receivers = [[rx, True] for _, rx in pairs]
        self.queues: list[deque[object]] = [deque() for _ in pairs]
        self.timer = make_timer("at", 3, self.clock.now)

    def teardown(self) -> None:
        if hasattr(self, "clock"):
            self.clock.undo()

    # --- the model ---

    def is_ready(self, kind: str, place: int) -> bool:
        if kind == "timer":
            return self.timer.due is not None and self.timer.due <= self.clock.now
        receiving, sending = self.receivers[place][1], self.senders[place][1]
        if not receiving or not sending:
            return True
        room = (1_000, 1, 0)[place] - len(self.queues[place])
        return room > 0 if kind == "send" else len(self.queues[place]) > 0

    def ready(self) -> list[int]:
        return [index for index, (kind, place, _) in self.cases.items() if self.is_ready(kind, place)]

    def wait(self, timeout: float | None) -> tuple[int, list[int]]:
        """Give when a select ends, and which cases are ready then."""
        start, ready = self.clock.now, self.ready()
        timer = any(kind == "timer" for kind, _, _ in self.cases.values())
        due = self.timer.due if timer and not ready else None
        end = start if timeout is None or timeout > 1e6 else start + max(int(timeout), 0)
        if not ready and due is not None and (timeout is None or timeout > 1e6 or due <= end):
            end = due
        self.clock.now = end if not ready else start
        found = self.clock.now, self.ready()
        self.clock.now = start
        return found

    # --- the cases ---

    @rule(place=st.integers(0, 3))
    def add_recv(self, place: int) -> None:
        receiver = self.timer.receivers.pick(0)[0] if place == 3 else self.receivers[place][0]
        assert self.select.recv(receiver) == self.added
        self.cases[self.added] = ("timer" if place == 3 else "recv", place, None)
        self.added += 1

    @rule(place=st.integers(0, 2))
    def add_send(self, place: int) -> None:
        message = object()
        assert self.select.send(self.senders[place][0], message) == self.added
        self.cases[self.added] = ("send", place, message)
        self.added += 1

    @rule(index=st.integers(0, 12))
    def remove(self, index: int) -> None:
        if index in self.cases:
            self.select.remove(index)
            del self.cases[index]
        else:
            with pytest.raises(IndexError):
                self.select.remove(index)

    @precondition(lambda self: len(self.cases) > 3)
    @rule()
    def remove_all(self) -> None:
        for index in list(self.cases):
            self.remove(index)

    # --- the channels ---

    @rule(place=st.integers(0, 1))
    def send(self, place: int) -> None:
        message = object()
        if outcome_of(lambda: self.senders[place][0].try_send(message))[0] == "ok":
            self.queues[place].append(message)

    @rule(place=st.integers(0, 2), sending=st.booleans(), now=st.integers(0, 5))
    def close(self, place: int, sending: bool, now: int) -> None:
        if now:  # seldom
            return
        entry = (self.senders if sending else self.receivers)[place]
        entry[0].close()
        entry[1] = False
        if not sending:
            self.queues[place].clear()

    @rule(number=st.integers(0, 3))
    def new_timer(self, number: int) -> None:
        """The cases of the old one stay as they are, so it is replaced only where it has none."""
        if all(kind != "timer" for kind, _, _ in self.cases.values()):
            self.timer = make_timer("at", number, self.clock.now)

    @rule(seconds=st.integers(1, 2))
    def let_time_pass(self, seconds: int) -> None:
        self.clock.now += seconds

    # --- selecting ---

    @rule(timeout=TIMEOUTS, default=st.booleans())
    def perform(self, timeout: float | None, default: bool) -> None:
        nothing = object()
        options: dict[str, Any] = {"default": nothing} if default else {}
        end, ready = self.wait(0 if default and timeout is None else timeout)
        if not self.cases and (timeout is None or timeout > 1e6) and not (default and timeout is None):
            with pytest.raises(ValueError, match="no operations"):
                self.select.select(timeout=timeout, **options)
            return
        kind, done = outcome_of(lambda: self.select.select(timeout=timeout, **options))
        assert self.clock.now == end
        if not ready:
            for_ever = timeout is None or timeout > 1e6
            if default and (timeout is None or not for_ever):
                assert done is nothing
            else:
                assert kind is (Stuck if for_ever else SelectTimeout)
            return
        assert done.index in (ready[:1] if self.biased else ready)
        self.check_performed(done)

    def check_performed(self, done: Any) -> None:
        kind, place, message = self.cases[done.index]
        if kind == "timer":
            assert done.value == self.timer.take(self.clock.now)
            return
        own, other = (self.senders, self.receivers) if kind == "send" else (self.receivers, self.senders)
        if not own[place][1]:
            assert type(done.error) is HandleClosed
        elif kind == "recv" and self.queues[place]:
            assert done.value is self.queues[place].popleft()
        elif not other[place][1]:
            assert type(done.error) is (SendError if kind == "send" else RecvError)
        else:
            assert done.value is None
            self.queues[place].append(message)

    @rule(timeout=TIMEOUTS)
    def look(self, timeout: float | None) -> None:
        """S113: what is ready is said, and stays."""
        end, ready = self.wait(timeout)
        if not self.cases and (timeout is None or timeout > 1e6):
            with pytest.raises(ValueError, match="no operations"):
                self.select.ready(timeout=timeout)
            return
        kind, index = outcome_of(lambda: self.select.ready(timeout=timeout))
        assert self.clock.now == end
        if ready:
            assert index in (ready[:1] if self.biased else ready)
        else:
            assert kind is (Stuck if timeout is None or timeout > 1e6 else SelectTimeout)

    @invariant()
    def nobody_stands_in_line(self) -> None:
        for place, queue in enumerate(getattr(self, "queues", [])):
            for handle, is_open in (self.senders[place], self.receivers[place]):
                if is_open:
                    assert len(handle) == len(queue)
                    assert not waiters(handle._lease.channel.senders)
                    assert not waiters(handle._lease.channel.receivers)


for machine in (
    UnboundedMachine,
    BoundedOneMachine,
    BoundedTwoMachine,
    BoundedFiveMachine,
    RendezvousMachine,
    LatestMachine,
    TimersMachine,
    SelectMachine,
):
    seed(sys.version_info.minor)(machine)  # each version of Python takes other examples
    machine.TestCase.settings = SETTINGS
TestUnbounded = UnboundedMachine.TestCase
TestBoundedOne = BoundedOneMachine.TestCase
TestBoundedTwo = BoundedTwoMachine.TestCase
TestBoundedFive = BoundedFiveMachine.TestCase
TestRendezvous = RendezvousMachine.TestCase
TestLatest = LatestMachine.TestCase
TestTimers = TimersMachine.TestCase
TestSelect = SelectMachine.TestCase
