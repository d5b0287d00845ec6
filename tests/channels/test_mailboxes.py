"""Mailboxes: messages to addresses, from any thread."""

import gc
import sys
import threading
import weakref
from collections.abc import Callable, Hashable
from contextlib import suppress
from functools import partial
from typing import Any, assert_type

import pytest

import treadle
import treadle.channels
from tests.channels.support import Background, Interrupt, injections, until_blocked
from tests.channels.test_messages import MESSAGES, Parcel, hostile
from treadle import (
    ChannelError,
    Empty,
    Full,
    HandleClosed,
    Mailboxes,
    RecvError,
    RecvTimeout,
    SendTimeout,
    mailboxes,
    sync_channel,
)
from treadle.channels.waiting import Side
from treadle.sched import Result, Verdict, check

Boxes = Mailboxes[Hashable, Any]
KINDS: dict[str, Callable[[], Boxes]] = {
    "unbounded": Boxes,
    "capacity": lambda: Boxes(capacity=4),
    "latest": lambda: Boxes(latest=True),
}
every_kind = pytest.mark.parametrize("make", KINDS.values(), ids=KINDS)
banking = pytest.mark.parametrize(
    "make", [KINDS["unbounded"], KINDS["capacity"]], ids=["unbounded", "capacity"]
)
ADDRESSES: list[Hashable] = ["name", 1, ("a", 2), None, False, object(), frozenset({1})]
SENDS: dict[str, Callable[[Boxes, object], object]] = {
    "send": lambda boxes, message: boxes.send(message, "a"),
    "try_send": lambda boxes, message: boxes.try_send(message, "a"),
    "send_timeout": lambda boxes, message: boxes.send_timeout(message, "a", 0),
}
RECEIVES: dict[str, Callable[[Boxes], object]] = {
    "recv": lambda boxes: boxes.recv("a"),
    "try_recv": lambda boxes: boxes.try_recv("a"),
    "recv_timeout": lambda boxes: boxes.recv_timeout("a", 0),
}


def interrupt() -> None:
    raise Interrupt


def receivers(boxes: Boxes, address: Hashable) -> Side:
    return boxes._box(address)[1]._lease.channel.receivers


def senders(boxes: Boxes, address: Hashable) -> Side:
    return boxes._box(address)[0]._lease.channel.senders


def waiting(boxes: Boxes, address: Hashable) -> list[object]:
    return [boxes.try_recv(address) for _ in range(boxes.count(address))]


def send_all(boxes: Mailboxes[str, Any] | Boxes, messages: list[Any]) -> None:
    for message in messages:
        boxes.send(message, "a")


@every_kind
@pytest.mark.parametrize("address", ADDRESSES, ids=lambda address: type(address).__name__)
def test_a_message_is_received_at_its_address(make: Callable[[], Boxes], address: Hashable) -> None:
    boxes = make()
    boxes.send(hostile, address)
    boxes.send("other", "elsewhere")
    assert boxes.recv(address) is hostile
    assert boxes.recv("elsewhere") == "other"


@every_kind
@pytest.mark.parametrize("message", MESSAGES, ids=lambda message: type(message).__name__)
def test_any_object_is_a_message(make: Callable[[], Boxes], message: object) -> None:
    """P7."""
    boxes = make()
    for send in SENDS.values():
        for receive in RECEIVES.values():
            send(boxes, message)
            assert receive(boxes) is message


@banking
def test_messages_bank_up_in_order_at_each_address(make: Callable[[], Boxes]) -> None:
    boxes = make()
    for i in range(4):
        boxes.send(i, "a")
        boxes.send(-i, "b")
    assert boxes.count("a") == boxes.count("b") == 4
    assert waiting(boxes, "a") == [0, 1, 2, 3]
    assert waiting(boxes, "b") == [0, -1, -2, -3]


def test_by_default_any_number_of_messages_waits() -> None:
    boxes = Mailboxes[str, int]()
    for i in range(10_000):
        boxes.try_send(i, "a")
    assert boxes.count("a") == 10_000


def test_a_full_address_refuses_and_others_do_not() -> None:
    boxes = Mailboxes[str, object](capacity=1)
    boxes.send(1, "a")
    with pytest.raises(Full) as full:
        boxes.try_send(hostile, "a")
    assert full.value.message is hostile
    with pytest.raises(SendTimeout) as late:
        boxes.send_timeout(hostile, "a", 0)
    assert late.value.message is hostile
    boxes.try_send(2, "b")
    assert (boxes.recv("a"), boxes.recv("b")) == (1, 2)


def test_a_send_to_a_full_address_blocks_until_there_is_room() -> None:
    boxes = Boxes(capacity=1)
    boxes.send(1, "a")
    sender = Background(lambda: boxes.send(2, "a"))
    until_blocked(senders(boxes, "a"))
    assert boxes.recv("a") == 1
    sender.outcome()
    assert boxes.recv("a") == 2


@every_kind
def test_a_receive_blocks_until_a_message_for_its_address_comes(make: Callable[[], Boxes]) -> None:
    boxes = make()
    receiver = Background(lambda: boxes.recv("a"))
    timed = Background(lambda: boxes.recv_timeout("b", None))
    until_blocked(receivers(boxes, "a"))
    until_blocked(receivers(boxes, "b"))
    boxes.send("message", "a")
    assert receiver.outcome() == "message"
    assert timed.is_alive()
    boxes.send("other", "b")
    assert timed.outcome() == "other"


@every_kind
def test_an_address_without_a_message_is_empty(make: Callable[[], Boxes]) -> None:
    boxes = make()
    boxes.send(1, "b")
    with pytest.raises(Empty):
        boxes.try_recv("a")
    with pytest.raises(RecvTimeout):
        boxes.recv_timeout("a", 0)


def test_with_latest_the_last_message_replaces_those_before() -> None:
    boxes = Mailboxes[str, int](latest=True)
    for i in range(1000):
        boxes.send(i, "a")
        assert boxes.count("a") == 1
    assert boxes.recv("a") == 999
    with pytest.raises(Empty):
        boxes.try_recv("a")


def test_with_latest_the_replaced_message_is_destroyed_at_once() -> None:
    """S60; and its finalizer finds the new one in its place, and may send itself."""
    boxes = Boxes(latest=True)
    seen: list[object] = []

    class Telling:
        def __del__(self) -> None:
            seen.append(boxes.try_recv("a"))
            boxes.send("from the finalizer", "a")

    boxes.send(Telling(), "a")
    boxes.send("second", "a")
    assert seen == ["second"]
    assert boxes.recv("a") == "from the finalizer"


def test_with_latest_the_replaced_message_may_close_the_mailboxes() -> None:
    """P4: in the middle of the send, which counts as having come before."""
    boxes = Boxes(latest=True)

    class Closing:
        def __del__(self) -> None:
            boxes.close()

    boxes.send(Closing(), "a")
    boxes.send("second", "a")
    assert boxes.recv("a") == "second"
    with pytest.raises(RecvError):
        boxes.recv("a")


@every_kind
def test_a_received_message_is_not_kept_alive(make: Callable[[], Boxes]) -> None:
    """P15."""
    boxes = make()
    boxes.send(Parcel(), "a")
    watch = weakref.ref(boxes.recv("a"))
    gc.collect()
    assert watch() is None


@every_kind
def test_an_address_exists_from_its_first_use_by_either_side(make: Callable[[], Boxes]) -> None:
    boxes = make()
    assert len(boxes) == 0
    assert boxes
    boxes.send(1, "sent")
    with pytest.raises(Empty):
        boxes.try_recv("asked")
    assert boxes.addresses() == ["sent", "asked"]
    assert len(boxes) == 2


def test_counting_makes_no_address() -> None:
    boxes = Boxes()
    assert boxes.count("a") == 0
    assert boxes.addresses() == []


def test_the_list_of_addresses_is_a_snapshot() -> None:
    boxes = Boxes()
    boxes.send(1, "a")
    listed = boxes.addresses()
    boxes.send(1, "b")
    listed.append("c")
    assert boxes.addresses() == ["a", "b"]


def test_an_address_is_hashable() -> None:
    boxes = Boxes()
    unhashable: Any = []
    for use in (lambda: boxes.send(1, unhashable), lambda: boxes.recv(unhashable)):
        with pytest.raises(TypeError, match="unhashable"):
            use()


@every_kind
@pytest.mark.parametrize("send", SENDS.values(), ids=SENDS)
def test_after_close_a_send_fails_and_gives_the_message_back(
    make: Callable[[], Boxes], send: Callable[[Boxes, object], object]
) -> None:
    """P13; at addresses used before, and new ones."""
    used, new = make(), make()
    send(used, 1)
    for boxes in (used, new):
        boxes.close()
        boxes.close()
        with pytest.raises(HandleClosed) as failure:
            send(boxes, hostile)
        assert failure.value.message is hostile


@every_kind
@pytest.mark.parametrize("receive", RECEIVES.values(), ids=RECEIVES)
def test_after_close_what_waits_is_received_and_then_the_end(
    make: Callable[[], Boxes], receive: Callable[[Boxes], object]
) -> None:
    """S38, S39; at addresses used before, and new ones."""
    used, new = make(), make()
    used.send(1, "a")
    used.close()
    new.close()
    assert receive(used) == 1
    for boxes in (used, new):
        for _ in range(2):
            with pytest.raises(RecvError):
                receive(boxes)


def test_with_closes_the_mailboxes_also_when_the_block_raises() -> None:
    with pytest.raises(ZeroDivisionError), Boxes() as boxes:
        boxes.send(1 // 0, "a")
    with pytest.raises(RecvError):
        boxes.recv("a")


@every_kind
def test_close_wakes_those_that_receive(make: Callable[[], Boxes]) -> None:
    """S40."""
    boxes = make()
    threads = [Background(partial(boxes.recv, address)) for address in "ab"]
    for address in "ab":
        until_blocked(receivers(boxes, address))
    boxes.close()
    for thread in threads:
        assert type(thread.error()) is RecvError


def test_close_wakes_those_that_send_and_gives_their_messages_back() -> None:
    boxes = Boxes(capacity=1)
    boxes.send(1, "a")
    sender = Background(lambda: boxes.send(hostile, "a"))
    until_blocked(senders(boxes, "a"))
    boxes.close()
    error = sender.error()
    assert isinstance(error, HandleClosed)
    assert error.message is hostile
    assert boxes.recv("a") == 1


def test_an_interrupted_close_closes_all_the_same() -> None:
    class Once(Boxes):
        __slots__ = ("tried",)

        def _end(self) -> None:
            if not hasattr(self, "tried"):
                self.tried = True
                raise KeyboardInterrupt
            super()._end()

    boxes = Once()
    boxes.send(1, "a")
    with pytest.raises(KeyboardInterrupt):
        boxes.close()
    with pytest.raises(HandleClosed):
        boxes.send(2, "a")


@every_kind
def test_a_discarded_address_is_forgotten_with_its_messages(make: Callable[[], Boxes]) -> None:
    """S59."""
    boxes = make()
    parcel = Parcel()
    watch = weakref.ref(parcel)
    boxes.send(parcel, "a")
    boxes.send(1, "b")
    del parcel
    boxes.discard("a")
    boxes.discard("a")
    assert watch() is None
    assert boxes.addresses() == ["b"]
    boxes.send(2, "a")
    assert boxes.recv("a") == 2


@every_kind
def test_discarding_wakes_those_that_receive(make: Callable[[], Boxes]) -> None:
    boxes = make()
    receiver = Background(lambda: boxes.recv("a"))
    until_blocked(receivers(boxes, "a"))
    boxes.discard("a")
    assert isinstance(receiver.error(), ChannelError)


@every_kind
def test_an_address_that_is_forgotten_but_not_closed_ends_a_receive(make: Callable[[], Boxes]) -> None:
    """What a discard that was cut short by an exception leaves behind: nobody holds the sender."""
    boxes = make()
    receiver = Background(lambda: boxes.recv("a"))
    until_blocked(receivers(boxes, "a"))
    boxes._boxes.clear()
    assert type(receiver.error()) is RecvError


def test_discarding_wakes_those_that_send_and_gives_their_messages_back() -> None:
    boxes = Boxes(capacity=1)
    boxes.send(1, "a")
    sender = Background(lambda: boxes.send(hostile, "a"))
    until_blocked(senders(boxes, "a"))
    boxes.discard("a")
    error = sender.error()
    assert isinstance(error, ChannelError)
    assert getattr(error, "message", None) is hostile


@pytest.mark.parametrize(
    ("capacity", "error"), [(-1, ValueError), (2**70, ValueError), ("2", TypeError), (True, TypeError)]
)
def test_a_bad_capacity_is_refused_at_once(capacity: Any, error: type[Exception]) -> None:
    with pytest.raises(error, match="capacity"):
        Mailboxes(capacity=capacity)


def test_a_capacity_and_latest_exclude_each_other() -> None:
    with pytest.raises(ValueError, match="not both"):
        Mailboxes(capacity=1, latest=True)


def test_mailboxes_show_neither_addresses_nor_messages() -> None:
    """S13."""
    boxes = Boxes()
    boxes.send("secret", "address")
    assert repr(boxes) == "Mailboxes { .. }"


def test_mailboxes_dropped_destroy_what_waits() -> None:
    boxes = Boxes()
    parcel = Parcel()
    watch = weakref.ref(parcel)
    boxes.send(parcel, "a")
    del parcel, boxes
    gc.collect()
    assert watch() is None


def test_the_types_of_address_and_message_are_given_in_brackets() -> None:
    """P18."""
    boxes = Mailboxes[str, bytes]()
    boxes.send(b"message", "address")
    assert_type(boxes.addresses(), list[str])
    assert_type(boxes.recv("address"), bytes)
    with pytest.raises(Empty):
        assert_type(boxes.try_recv("address"), bytes)
    with pytest.raises(RecvTimeout):
        assert_type(boxes.recv_timeout("address", 0), bytes)
    with pytest.raises(TypeError):
        boxes.send(b"message", [])  # type: ignore[arg-type]


def test_the_default_mailboxes_are_shared_by_the_process() -> None:
    address = object()
    mailboxes.send("message", address)
    assert mailboxes.default.count(address) == 1
    assert mailboxes.recv(address) == "message"
    with pytest.raises(Empty):
        mailboxes.try_recv(address)
    with pytest.raises(RecvTimeout):
        mailboxes.recv_timeout(address, 0)
    mailboxes.default.discard(address)
    assert treadle.mailboxes.default.count(address) == 0


def sent(send: Callable[[Boxes, object], object], boxes: Boxes) -> object:
    return send(boxes, "sent")


@every_kind
@pytest.mark.usefixtures("swallowed_interrupts_are_no_failure")
@pytest.mark.parametrize("use", [*SENDS, *RECEIVES])
def test_an_interrupted_operation_leaves_the_mailboxes_usable(make: Callable[[], Boxes], use: str) -> None:
    """P1: an Interrupt at every step, at an address that exists and at one that the operation makes."""
    operations = RECEIVES | {name: partial(sent, send) for name, send in SENDS.items()}
    for known in (True, False):
        for injection in injections(interrupt):
            boxes = make()
            if known:
                boxes.send("before", "a")
            with suppress(Interrupt, Empty, RecvTimeout):
                if known or use != "recv":
                    injection.run(partial(operations[use], boxes))
            boxes.send("after", "a")
            *_, last = waiting(boxes, "a")
            assert last == "after"
            boxes.close()
            with pytest.raises(RecvError):
                boxes.recv("a")


@every_kind
@pytest.mark.usefixtures("swallowed_interrupts_are_no_failure")
def test_an_interrupted_close_or_discard_can_be_repeated(make: Callable[[], Boxes]) -> None:
    """P1."""
    for repeat in (Boxes.close, partial(Boxes.discard, address="a")):
        for injection in injections(interrupt):
            boxes = make()
            boxes.send("before", "a")
            boxes.send("before", "b")
            with suppress(Interrupt):
                injection.run(partial(repeat, boxes))
            repeat(boxes)
            boxes.close()
            with pytest.raises(HandleClosed):
                boxes.send("after", "b")
            assert boxes.recv("b") == "before"


def test_with_latest_nothing_older_comes_after_something_newer() -> None:
    """Real threads that switch as often as they can."""
    boxes = Mailboxes[str, tuple[str, int]](latest=True)
    last = 3000
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        threads = [
            Background(partial(send_all, boxes, [(name, i) for i in range(last + 1)])) for name in "xy"
        ]
        newest = {"x": -1, "y": -1}
        while last not in newest.values():
            name, i = boxes.recv("a")
            assert i > newest[name]
            newest[name] = i
        for thread in threads:
            thread.outcome()
    finally:
        sys.setswitchinterval(before)
    assert boxes.count("a") <= 1


def explored(program: Callable[[], object], **options: Any) -> Result:
    """Check the program with every shared access of the channels a possible switch: what the channels add is proved apart."""
    result = check(program, instrument=[treadle.channels], **{"preemptions": 2, **options})
    assert result.verdict is Verdict.HOLDS, str(result)
    return result


def most_preemptions(make: Callable[[], Boxes]) -> int:
    """Return how many to explore: to make an address or to end is the same for each kind."""
    return 2 if make is KINDS["unbounded"] else 1


def together(*bodies: Callable[[], object]) -> None:
    threads = [threading.Thread(target=body) for body in bodies]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


@every_kind
def test_of_two_first_uses_of_an_address_one_makes_it(make: Callable[[], Boxes]) -> None:
    def program() -> None:
        boxes = make()
        together(lambda: boxes.send("message", "a"), lambda: boxes.recv("a"))
        assert boxes.addresses() == ["a"]
        assert boxes.count("a") == 0

    explored(program, preemptions=most_preemptions(make))


@every_kind
def test_two_first_sends_to_an_address_reach_one_box(make: Callable[[], Boxes]) -> None:
    def program() -> None:
        boxes = make()
        together(lambda: boxes.send(1, "a"), lambda: boxes.send(2, "a"))
        got = waiting(boxes, "a")
        assert got in ([1, 2], [2, 1]) if not boxes._latest else got in ([1], [2])

    explored(program, preemptions=most_preemptions(make))


def test_with_latest_two_senders_never_leave_the_place_empty_or_a_receiver_asleep() -> None:
    """One message is received, and the other was replaced by it, came before it, or is still there."""
    ends: set[tuple[object, ...]] = set()

    def program() -> None:
        boxes = Boxes(latest=True)
        boxes._box("a")
        got: list[object] = []
        together(
            lambda: got.append(boxes.recv("a")),
            lambda: boxes.send("b1", "a"),
            lambda: boxes.send("c1", "a"),
        )
        got += waiting(boxes, "a")
        assert len(set(got)) == len(got)
        ends.add(tuple(got))

    explored(program, preemptions=1)
    assert ends == {("b1",), ("c1",), ("b1", "c1"), ("c1", "b1")}


def test_with_latest_each_senders_last_message_outlives_its_first() -> None:
    ends: set[tuple[object, ...]] = set()

    def program() -> None:
        boxes = Boxes(latest=True)
        together(lambda: send_all(boxes, ["b1", "b2"]), lambda: send_all(boxes, ["c1", "c2"]))
        ends.add(tuple(waiting(boxes, "a")))

    explored(program)
    assert ends == {("b2",), ("c2",)}


def test_with_latest_a_try_finds_a_message_at_every_instant_after_the_first() -> None:
    """A replacement is one step: the place is not empty between the old message and the new one."""

    def program() -> None:
        boxes = Boxes(latest=True)
        boxes.send(1, "a")
        got: list[object] = []
        together(lambda: boxes.send(2, "a"), lambda: got.append(boxes.try_recv("a")))
        got += waiting(boxes, "a")
        assert got in ([1, 2], [2])

    explored(program)


def test_a_place_that_is_emptied_and_filled_in_two_steps_is_found_out() -> None:
    """The broken twin of the test above: on a channel of capacity 1, the place is empty for a while."""

    def program() -> None:
        tx, rx = sync_channel[int](1)
        tx.send(1)

        def replace() -> None:
            while True:
                with suppress(Full):
                    return tx.try_send(2)
                with suppress(Empty):
                    rx.try_recv()

        got: list[int] = []
        together(replace, lambda: got.append(rx.try_recv()))

    result = check(program, instrument=[treadle.channels])
    assert result.verdict is Verdict.VIOLATED
    assert result.failure is not None
    assert type(result.failure.error) is Empty


def test_with_latest_two_receivers_do_not_get_one_message_twice() -> None:
    def program() -> None:
        boxes = Boxes(latest=True)
        got: list[object] = []

        def take() -> None:
            try:
                got.append(boxes.try_recv("a"))
            except Empty:
                got.append(None)

        boxes.send(1, "a")
        together(take, take, lambda: boxes.send(2, "a"))
        got += waiting(boxes, "a")
        assert got.count(1) <= 1
        assert got.count(2) == 1

    explored(program, preemptions=2)


@every_kind
def test_a_receive_that_makes_its_address_while_the_mailboxes_close_ends(make: Callable[[], Boxes]) -> None:
    def program() -> None:
        boxes = make()
        receiver = Background(lambda: boxes.recv("a"))
        closer = Background(boxes.close)
        for thread in (receiver, closer):
            thread.join()
        assert type(receiver._error) is RecvError
        assert closer._error is None

    explored(program, preemptions=1)


@every_kind
def test_a_send_while_the_mailboxes_close_is_received_or_comes_back(make: Callable[[], Boxes]) -> None:
    def program() -> None:
        boxes = make()
        sender = Background(lambda: boxes.send(hostile, "a"))
        closer = Background(boxes.close)
        for thread in (sender, closer):
            thread.join()
        kept = [] if sender._error is None else [getattr(sender._error, "message", None)]
        kept += waiting(boxes, "a")
        assert len(kept) == 1
        assert kept[0] is hostile

    explored(program, preemptions=most_preemptions(make))


def test_a_receive_while_its_address_is_discarded_ends() -> None:
    """It got the message, or an error from the address discarded, or waits at the new one."""

    def program() -> None:
        boxes = Boxes()
        boxes.send(1, "a")
        receiver = Background(lambda: boxes.recv("a"))
        together(lambda: boxes.discard("a"))
        boxes.send(2, "a")
        receiver.join()
        assert receiver._value in ([1], [2], [])
        assert receiver._error is None or isinstance(receiver._error, ChannelError)

    explored(program, preemptions=1)
