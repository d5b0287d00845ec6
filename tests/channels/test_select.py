"""The function `select`: what it chooses, what comes of it, and that it leaves nothing behind."""

import gc
import math
import random
import sys
import weakref
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from time import monotonic
from typing import Any

import pytest

from tests.channels.support import (
    Background,
    Injection,
    Interrupt,
    Pair,
    in_every_interleaving,
    injections,
    received,
    until_blocked,
    waiters,
)
from treadle import (
    ChannelError,
    Disconnected,
    Empty,
    Full,
    HandleClosed,
    Receiver,
    RecvError,
    SelectTimeout,
    SendError,
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

ROUNDS = 10_000


class Token:
    """A message that can be referred to weakly."""


def make_unbounded() -> Pair:
    return unbounded[Any]()


def make_bounded() -> Pair:
    return bounded[Any](1)


def make_rendezvous() -> Pair:
    return bounded[Any](0)


buffered = pytest.mark.parametrize("make", [make_unbounded, make_bounded])
every_kind = pytest.mark.parametrize("make", [make_unbounded, make_bounded, make_rendezvous])


def filled(*messages: object) -> Receiver[Any]:
    """Make a channel of messages whose sender is gone."""
    tx, rx = unbounded[Any]()
    for message in messages:
        tx.send(message)
    tx.close()
    return rx


def is_untouched(*pairs: Pair) -> bool:
    """Say whether nobody waits on any side of the channels."""
    states = [rx._lease.channel for _, rx in pairs]
    return not any(waiters(state.receivers) or waiters(state.senders) for state in states)


# -- what is ready, and what is done ------------------------------------------------------------------------------


@every_kind
@pytest.mark.statement("S84", "S86", "S106")
def test_a_receive_is_not_ready_while_there_is_no_message(make: Callable[[], Pair]) -> None:
    tx, rx = make()
    default = object()
    assert select(recv(rx), default=default) is default
    assert is_untouched((tx, rx))


@pytest.mark.parametrize("capacity", [0, 1, 3])
@pytest.mark.statement("S84")
def test_a_send_is_ready_while_there_is_room(capacity: int) -> None:
    tx, rx = bounded[int](capacity)
    for i in range(capacity):
        done = select(send(tx, i), default=None)
        assert done is not None
        assert (done.index, done.value, done.error) == (0, None, None)
    assert select(send(tx, -1), default=None) is None
    assert received(rx) == list(range(capacity))


@every_kind
@pytest.mark.statement("S84", "S90", "S110")
def test_a_receive_that_would_fail_is_ready(make: Callable[[], Pair]) -> None:
    tx, rx = make()
    tx.close()
    for options in ({}, {"timeout": 0}, {"default": None}, {"deadline": 0.0}):
        done = select(recv(never()), recv(rx), **options)
        assert done.index == 1
        assert type(done.error) is RecvError
        with pytest.raises(RecvError):
            done.value  # noqa: B018 - it raises


@every_kind
@pytest.mark.statement("S84", "S90", "S110")
def test_a_send_that_would_fail_is_ready_and_gives_its_message_back(make: Callable[[], Pair]) -> None:
    tx, rx = make()
    rx.close()
    message = Token()
    done = select(recv(never()), send(tx, message))
    assert done.index == 1
    assert type(done.error) is SendError
    assert done.error.message is message
    with pytest.raises(SendError) as caught:
        done.value  # noqa: B018
    assert caught.value.message is message
    assert caught.value == done.error


@pytest.mark.statement("S110", "P13")
def test_a_case_of_a_closed_handle_fails_with_its_own_error() -> None:
    tx, rx = bounded[int](0)
    keeps = tx.clone(), rx.clone()
    tx.close()
    rx.close()
    done = select(recv(rx), recv(never()))
    assert type(done.error) is HandleClosed
    sent = select(recv(never()), send(tx, 7))
    assert type(sent.error) is HandleClosed
    assert sent.error.message == 7
    assert is_untouched(keeps)


@pytest.mark.statement("S90")
def test_when_all_cases_are_disconnected_one_of_them_is_the_answer() -> None:
    tx, rx = bounded[int](1)
    rx.close()
    for options in ({}, {"timeout": 0}, {"timeout": 5}, {"default": None}):
        done = select(recv(filled()), send(tx, 1), recv(filled()), **options)
        assert isinstance(done.error, Disconnected)


@pytest.mark.statement("S85")
def test_one_case_is_performed_and_no_other() -> None:
    tx, sent = bounded[int](5)
    rxs = [filled(1, 2, 3) for _ in range(3)]
    for total in range(9, 0, -1):
        done = select(*(recv(rx) for rx in rxs if len(rx)))
        assert done.error is None
        assert sum(map(len, rxs)) == total - 1
    for count in range(1, 6):
        select(*(send(tx, i) for i in range(5)))
        assert len(sent) == count


@pytest.mark.statement("S89")
@pytest.mark.parametrize(
    "options", [{"timeout": 0}, {"timeout": -1.0}, {"deadline": 0.0}, {"deadline": -math.inf}]
)
def test_a_ready_case_is_performed_although_the_time_is_over(options: dict[str, Any]) -> None:
    tx, rx = bounded[int](1)
    assert select(send(tx, 1), recv(never()), **options).index == 0
    assert select(recv(never()), recv(rx), **options).index == 1
    with pytest.raises(SelectTimeout, match="timed out waiting on select"):
        select(recv(never()), recv(rx), **options)


@pytest.mark.statement("S87", "S88", "G1")
def test_a_select_without_cases_needs_an_end() -> None:
    for options in ({}, {"timeout": None}, {"timeout": math.inf}, {"deadline": math.inf}, {"timeout": 1e300}):
        with pytest.raises(ValueError, match="no operations have been added"):
            select(**options)
    with pytest.raises(ValueError, match="no operations have been added"):
        select(timeout=math.inf, default=1)


@pytest.mark.statement("S86", "S88", "S106")
def test_a_select_without_cases_ends_with_its_default_or_timeout() -> None:
    assert select(default=5) == 5
    assert select(default=5, timeout=0) == 5
    with pytest.raises(SelectTimeout):
        select(timeout=0)
    with pytest.raises(SelectTimeout):
        select(deadline=0)


@pytest.mark.statement("S106")
def test_a_default_is_given_only_if_nothing_is_ready() -> None:
    tx, rx = unbounded[int]()
    assert select(recv(rx), default="none") == "none"
    assert select(recv(rx), default=None, timeout=1e-4) is None
    tx.send(1)
    done = select(recv(rx), default="none")
    assert not isinstance(done, str)
    assert done.value == 1


@pytest.mark.statement("P8", "S106")
def test_bad_arguments_are_refused_before_anything_is_done() -> None:
    rx = filled(1, 2)
    case = recv(rx)
    with pytest.raises(ValueError, match="NaN"):
        select(case, timeout=math.nan)
    with pytest.raises(TypeError, match="not both"):
        select(case, timeout=1, deadline=1)
    with pytest.raises(TypeError, match="number of seconds"):
        select(case, timeout="1")  # type: ignore[call-overload]
    with pytest.raises(TypeError, match=r"cases made by recv\(\) and send\(\), not SharedReceiver"):
        select(case, rx)  # type: ignore[call-overload]
    with pytest.raises(TypeError, match="takes a receiver, not int"):
        recv(1)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="takes a sender, not SharedReceiver"):
        send(rx, 1)  # type: ignore[arg-type]
    assert len(rx) == 2


# -- which case is chosen -----------------------------------------------------------------------------------------


def even(counts: Counter[Any], chosen: range | list[int]) -> bool:
    """Say whether a uniform choice among these explains the counts: all within 4.4 standard deviations."""
    share = 1 / len(chosen)
    total = counts.total()
    leeway = 4.4 * math.sqrt(total * share * (1 - share))
    return set(counts) == set(chosen) and all(abs(counts[i] - total * share) <= leeway for i in chosen)


@pytest.mark.parametrize("size", [2, 3, 5])
@pytest.mark.statement("S92", "G6")
def test_ready_receives_are_chosen_evenly(size: int) -> None:
    random.seed(size)
    rxs = [filled(*range(ROUNDS)) for _ in range(size)]
    counts = Counter(select(*map(recv, rxs)).index for _ in range(ROUNDS))
    assert min(counts[i] for i in range(size)) >= ROUNDS / (2 * size)
    assert even(counts, range(size))


@pytest.mark.parametrize("size", [2, 3, 5])
@pytest.mark.statement("S92", "G6")
def test_ready_sends_are_chosen_evenly(size: int) -> None:
    random.seed(size)
    pairs = [unbounded[int]() for _ in range(size)]
    counts = Counter(select(*[send(tx, 1) for tx, _ in pairs]).index for _ in range(ROUNDS))
    assert even(counts, range(size))
    assert [len(rx) for _, rx in pairs] == [counts[i] for i in range(size)]


@pytest.mark.parametrize("ready", [[0, 1], [1, 3], [0, 4], [2, 3, 4], [1, 2]])
@pytest.mark.statement("S92", "G6")
def test_the_choice_among_the_ready_is_even_whatever_is_not_ready(ready: list[int]) -> None:
    random.seed(sum(ready))
    rxs = [filled(*range(ROUNDS)) if i in ready else never() for i in range(5)]
    counts = Counter(select(*map(recv, rxs)).index for _ in range(ROUNDS))
    assert even(counts, ready)


@pytest.mark.statement("S91", "S92")
def test_a_disconnected_case_is_as_likely_as_any_until_never_stands_in_its_place() -> None:
    random.seed(1)
    dead, alive = filled(), filled(*range(ROUNDS))
    counts = Counter(select(recv(dead), recv(alive)).index for _ in range(ROUNDS))
    assert even(counts, range(2))
    dead = never()
    rest = len(alive)
    assert [select(recv(dead), recv(alive)).index for _ in range(rest)] == [1] * rest


@pytest.mark.statement("S93")
def test_a_biased_select_takes_the_first_that_is_ready() -> None:
    rxs = [filled(*range(100)) for _ in range(3)]
    for ended in range(3):
        for i in range(100):
            done = select(*map(recv, rxs), biased=True, timeout=0)
            assert (done.index, done.value) == (ended, i)
        rxs[ended] = never()


@pytest.mark.parametrize("shape", [[0, 0, 0], [0, 1, 0], [0, 1, 1, 0]])
@pytest.mark.statement("S94")
def test_a_handle_in_several_cases_counts_for_each(shape: list[int]) -> None:
    random.seed(3)
    rxs = [filled(*range(ROUNDS)) for _ in range(2)]
    assert even(
        Counter(select(*(recv(rxs[i]) for i in shape)).index for _ in range(ROUNDS)), range(len(shape))
    )
    tx, _rx = unbounded[int]()
    assert even(Counter(select(send(tx, 1), send(tx, 2)).index for _ in range(ROUNDS)), range(2))


@pytest.mark.statement("S94")
def test_a_case_may_be_used_again() -> None:
    case = recv(filled(1, 2, 3))
    assert [select(case, case).value for _ in range(3)] == [1, 2, 3]


@pytest.mark.statement("S95")
def test_a_buffered_channel_may_be_sent_to_and_received_from_by_one_select() -> None:
    tx, rx = unbounded[int]()
    assert select(recv(rx), send(tx, 1)).index == 1  # it is empty, so the send
    tx2, rx2 = bounded[int](1)
    assert [select(send(tx2, 1), recv(rx2)).index for _ in range(4)] == [0, 1, 0, 1]


@pytest.mark.statement("S95", "S96")
def test_a_rendezvous_does_not_pair_a_select_with_itself() -> None:
    tx, rx = bounded[int](0)
    for biased in (False, True):
        assert select(send(tx, 1), recv(rx), default=None, biased=biased) is None
        for timeout in (0, 1e-4):
            with pytest.raises(SelectTimeout):
                select(recv(rx), send(tx, 1), recv(rx), timeout=timeout, biased=biased)
    assert is_untouched((tx, rx))


# -- being woken --------------------------------------------------------------------------------------------------


def state_of(rx: Receiver[Any]) -> Any:
    return rx._lease.channel


@every_kind
@pytest.mark.statement("S99")
def test_a_blocked_select_is_woken_by_a_message(make: Callable[[], Pair]) -> None:
    (tx, rx), (_tx2, rx2) = make(), make()
    waiting = Background(lambda: select(recv(rx2), recv(rx)))
    until_blocked(state_of(rx).receivers)
    tx.send(7)
    done = waiting.outcome()
    assert (done.index, done.value) == (1, 7)


@pytest.mark.parametrize("capacity", [0, 1])
@pytest.mark.statement("S99")
def test_a_blocked_select_is_woken_by_room(capacity: int) -> None:
    tx, rx = bounded[int](capacity)
    for i in range(capacity):
        tx.send(i)
    waiting = Background(lambda: select(recv(never()), send(tx, 9)))
    until_blocked(state_of(rx).senders)
    messages = [rx.recv()]
    assert waiting.outcome().index == 1
    messages += received(rx)
    assert messages == [*range(capacity), 9]


@every_kind
@pytest.mark.statement("S99", "S84")
def test_a_blocked_select_is_woken_by_the_end_of_the_senders(make: Callable[[], Pair]) -> None:
    (tx, rx), (_tx2, rx2) = make(), make()
    waiting = Background(lambda: select(recv(rx2), recv(rx)))
    until_blocked(state_of(rx).receivers)
    tx.close()
    done = waiting.outcome()
    assert done.index == 1
    assert type(done.error) is RecvError


@pytest.mark.parametrize("capacity", [0, 1])
@pytest.mark.statement("S99", "S84")
def test_a_blocked_select_is_woken_by_the_end_of_the_receivers(capacity: int) -> None:
    tx, rx = bounded[int](capacity)
    for i in range(capacity):
        tx.send(i)
    waiting = Background(lambda: select(recv(never()), send(tx, 9)))
    until_blocked(state_of(rx).senders)
    rx.close()
    done = waiting.outcome()
    assert type(done.error) is SendError
    assert done.error.message == 9


@every_kind
@pytest.mark.statement("S99", "P12")
def test_a_blocked_select_is_woken_by_the_end_of_its_own_handle(make: Callable[[], Pair]) -> None:
    (tx, rx), other = make(), make()
    keep = rx.clone()  # type: ignore[attr-defined]
    waiting = Background(lambda: select(recv(other[1]), recv(rx)))
    until_blocked(state_of(rx).receivers)
    rx.close()
    done = waiting.outcome()
    assert done.index == 1
    assert type(done.error) is HandleClosed
    assert is_untouched((tx, keep), other)


@pytest.mark.parametrize(
    "make", [lambda: after(1e-3), lambda: at(0), lambda: tick(1e-3)], ids=["after", "at", "tick"]
)
@pytest.mark.statement("S99")
def test_a_blocked_select_is_woken_by_a_timer(make: Callable[[], Receiver[float]]) -> None:
    tx, rx = unbounded[int]()
    done = select(recv(rx), recv(make()), recv(never()))
    assert (done.index, type(done.value)) in ((1, float), (1, int))
    assert is_untouched((tx, rx))


@pytest.mark.statement("S88", "S99", "P9", "P10")
def test_a_select_waits_its_whole_time_and_no_longer() -> None:
    """On the virtual clock, which the test reads as the channels do."""

    def program() -> None:
        _tx, rx = unbounded[int]()
        start = monotonic()
        for options in ({"timeout": 2.5}, {"deadline": start + 7.5}):
            for cases in ([], [recv(never())], [recv(rx), recv(after(9))]):
                before = monotonic()
                with pytest.raises(SelectTimeout):
                    select(*cases, **options)  # type: ignore[call-overload]
                now = monotonic()
                assert now - before == 2.5 if "timeout" in options else now == max(before, start + 7.5)

    in_every_interleaving(program, timeouts="idle")


# -- nothing is left behind ---------------------------------------------------------------------------------------


@every_kind
@pytest.mark.statement("S101", "S49")
def test_a_select_that_timed_out_leaves_nothing_behind(make: Callable[[], Pair]) -> None:
    (tx, rx), full = make(), bounded[int](0)
    timer = after(60)
    for timeout in (0, 1e-4):
        with pytest.raises(SelectTimeout):
            select(recv(rx), send(full[0], 1), recv(timer), timeout=timeout)
        assert select(recv(rx), send(full[0], 1), recv(timer), timeout=timeout, default=None) is None
        assert is_untouched((tx, rx), full, (tx, timer))
    with pytest.raises(Empty):
        full[1].try_recv()
    if state_of(rx).capacity == 0:
        with pytest.raises(Full):
            tx.try_send(1)
    else:
        tx.send(1)
        assert rx.recv() == 1


@every_kind
@pytest.mark.statement("S101")
def test_a_select_that_was_woken_leaves_nothing_behind(make: Callable[[], Pair]) -> None:
    pairs = [make() for _ in range(3)]
    waiting = Background(lambda: select(*(recv(rx) for _, rx in pairs)))
    for _, rx in pairs:
        until_blocked(state_of(rx).receivers)
    pairs[1][0].send(1)
    assert waiting.outcome().index == 1
    assert is_untouched(*pairs)


def interrupt() -> None:
    raise Interrupt


@pytest.mark.statement("S101", "P1", "P3")
def test_an_interrupted_select_leaves_nothing_behind() -> None:
    """Without a timeout it would never be in a line."""
    interrupted = 0
    Injection(sys.maxsize, interrupt).run(
        lambda: select(default=None)
    )  # 3.12 traces opcodes from the second call on
    for injection in injections(interrupt):
        pairs: list[Pair] = [unbounded[int](), bounded[int](1), bounded[int](0)]
        (_, rx), (full, _), (tx0, rx0) = pairs
        full.send(0)
        cases = recv(rx), send(full, 1), send(tx0, 2), recv(rx0)
        try:
            injection.run(lambda cases=cases: select(*cases, timeout=1e-6))  # type: ignore[misc]
        except SelectTimeout:
            assert not injection.done
        except Interrupt:
            interrupted += 1
        assert is_untouched(*pairs)
        assert pairs[1][1].drain() == [0]
        with pytest.raises(Empty):
            rx0.try_recv()
    assert interrupted > 100


@pytest.mark.statement("S85", "S101", "P1", "P3")
def test_an_interrupted_select_has_sent_once_or_not_at_all() -> None:
    counts = set()
    for injection in injections(interrupt):
        pairs: list[Pair] = [unbounded[int](), bounded[int](1)]
        (tx, rx), (tx1, rx1) = pairs
        cases = send(tx, 1), send(tx1, 2)
        with suppress(Interrupt):
            injection.run(lambda cases=cases: select(*cases))  # type: ignore[misc]
        counts.add(len(rx) + len(rx1))
        assert is_untouched(*pairs)
    assert counts == {0, 1}


@pytest.mark.statement("S102")
def test_a_waiting_sender_is_not_consumed_when_another_case_is_chosen() -> None:
    tx, rx = bounded[int](0)
    sender = Background(lambda: tx.send(1))
    until_blocked(state_of(rx).senders)
    assert select(recv(filled(5)), recv(rx), biased=True).value == 5
    assert len(waiters(state_of(rx).senders)) == 1
    assert rx.recv() == 1
    sender.outcome()


@pytest.mark.statement("S102")
def test_a_message_that_came_by_another_case_leaves_no_offer_standing() -> None:
    (tx, rx), (tx0, rx0) = unbounded[int](), bounded[int](0)
    waiting = Background(lambda: select(recv(rx), send(tx0, 1), recv(rx0)))
    until_blocked(state_of(rx0).receivers)
    tx.send(5)
    assert waiting.outcome().index == 0
    with pytest.raises(Empty):
        rx0.try_recv()
    with pytest.raises(Full):
        tx0.try_send(2)


# -- what comes of it ---------------------------------------------------------------------------------------------


@pytest.mark.statement("S107")
def test_a_result_says_what_happened_and_hides_the_message() -> None:
    done = select(recv(never()), recv(filled("secret")))
    assert (done.index, done.value, done.error) == (1, "secret", None)
    assert done.value == "secret"
    assert repr(done) == "SelectedOperation { .. }"
    with pytest.raises(AttributeError):
        done.value = ""  # type: ignore[misc]


@pytest.mark.statement("S108", "S109", "G5")
def test_cases_are_evaluated_once_in_order_and_before_the_choice() -> None:
    tx, rx = unbounded[int]()
    tx.send(1)
    order: list[str] = []

    def noted(name: str, value: Any) -> Any:
        order.append(name)
        return value

    done = select(recv(noted("a", filled(0))), send(noted("b", tx), noted("c", rx.recv())), biased=True)
    assert done.index == 0
    assert order == ["a", "b", "c"]
    assert rx.drain() == [], "the message was evaluated, and not sent"
    with pytest.raises(ZeroDivisionError):
        select(send(tx, 1), recv(filled(0)), send(tx, 1 // 0))
    assert rx.drain() == []


@pytest.mark.parametrize("outcome", ["message", "failure"])
@pytest.mark.statement("S110", "P15")
def test_a_result_keeps_no_frame_alive(outcome: str) -> None:
    def body() -> tuple[Any, "weakref.ref[Token]"]:
        local = Token()
        done = select(recv(never()), recv(filled(1) if outcome == "message" else filled()))
        with suppress(RecvError):
            done.value  # noqa: B018
        return done, weakref.ref(local)

    gc.disable()
    try:
        done, local = body()
        assert local() is None
        assert outcome == "message" or done.error.__traceback__ is None
    finally:
        gc.enable()


@every_kind
@pytest.mark.statement("S110", "P15")
def test_a_received_message_is_kept_by_its_result_alone(make: Callable[[], Pair]) -> None:
    tx, rx = make()
    message = Token()
    gone = weakref.ref(message)
    gc.disable()
    try:
        messages = [message]
        del message
        sending = Background(lambda: tx.send(messages.pop()))
        done = select(recv(never()), recv(rx))
        sending.outcome()
        assert done.value is gone()
        del done
        assert gone() is None
    finally:
        gc.enable()


@buffered
@pytest.mark.statement("S110", "P15")
def test_a_message_that_was_sent_by_a_select_is_kept_by_its_case_alone(make: Callable[[], Pair]) -> None:
    tx, rx = make()
    gone = weakref.ref(message := Token())
    case = send(tx, message)
    del message
    assert select(case).error is None
    rx.recv()
    assert gone() is not None, "the case may be used again"
    del case
    assert gone() is None


Plain = Callable[[Receiver[Any]], Any]


def outcome_of(operation: Callable[[], object]) -> object:
    """Give what it returns or raises."""
    try:
        return operation()
    except ChannelError as error:
        return error


@pytest.mark.parametrize(
    ("plain", "options"),
    [
        (lambda rx: rx.recv(), {}),
        (lambda rx: rx.try_recv(), {"timeout": 0}),
        (lambda rx: rx.recv_timeout(0.5), {"timeout": 0.5}),
        (lambda rx: rx.recv_deadline(0.0), {"deadline": 0.0}),
    ],
)
@pytest.mark.statement("S111")
def test_a_select_of_one_receive_does_what_the_plain_one_does(plain: Plain, options: dict[str, Any]) -> None:
    closed = filled(1)
    closed.close()
    for one, other in ((filled(1), filled(1)), (filled(), filled()), (closed, closed)):
        assert outcome_of(lambda one=one: plain(one)) == outcome_of(  # type: ignore[misc]
            lambda other=other: select(recv(other), **options).value  # type: ignore[misc]
        )
    if options:
        _tx, rx = unbounded[int]()
        with pytest.raises(SelectTimeout):
            select(recv(rx), **options | {"timeout": 0} if "timeout" in options else options)


@pytest.mark.statement("S111")
def test_a_select_of_one_send_does_what_the_plain_one_does() -> None:
    tx, rx = bounded[int](1)
    assert select(send(tx, 1)).error is None
    with pytest.raises(SelectTimeout):
        select(send(tx, 2), timeout=0)
    assert rx.recv() == 1
    rx.close()
    with pytest.raises(SendError) as caught:
        tx.send(3)
    assert select(send(tx, 3)).error == caught.value


@pytest.mark.statement("S112")
def test_selects_nest_also_on_the_same_channels() -> None:
    tx, rx = bounded[int](4)
    found = []
    for i in range(4):
        outer = select(send(tx, i), recv(never()))
        assert outer.index == 0
        inner = select(recv(rx), send(tx, -1), biased=True)
        found.append(inner.value)
        innermost = select(recv(rx), default="none")
        assert innermost == "none"
    assert found == [0, 1, 2, 3]
    value = select(recv(filled(select(recv(filled(9))).value))).value
    assert value == 9
