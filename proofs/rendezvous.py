"""Claims about rendezvous, cloned receivers and select: every interleaving is a behaviour of the abstract channels."""

import treadle.channels
from proofs import meetings
from proofs.meetings import Capacities, Scenario, play, specification
from proofs.refinement import Proof, bounded_and_whole, refines_specification
from treadle.report import Evidence, Progress, claim


def _rendezvous(
    statement: str, scenario: Scenario, preemptions: int | None = None, long: bool = False
) -> Proof:
    return _refines(f"rendezvous: {statement}", scenario, {"a": 0}, preemptions, long)


def _bounded(statement: str, scenario: Scenario, preemptions: int | None = None) -> Proof:
    return _refines(f"bounded(1), receivers cloned: {statement}", scenario, {"a": 1}, preemptions)


def _select(
    statement: str,
    scenario: Scenario,
    capacity: int | None,
    preemptions: int | None = None,
    long: bool = False,
) -> Proof:
    return _refines(f"select: {statement}", scenario, {"a": capacity, "b": capacity}, preemptions, long)


def _refines(
    statement: str,
    scenario: Scenario,
    capacities: Capacities,
    preemptions: int | None = None,
    long: bool = False,
) -> Proof:
    @claim(statement, long=long)
    def prove(progress: Progress) -> Evidence:
        return refines_specification(
            play(scenario, capacities), specification(capacities), (treadle.channels,), progress, preemptions
        )

    return prove


# Claims are begun in the order of their lines: those that take longest come first, so that none is left to one process.
two_senders = _rendezvous("one of two senders meets the receiver", meetings.two_senders, 1)
two_receivers = _rendezvous("one of two receivers meets the sender", meetings.two_receivers, 1)
disconnection, disconnection_whole = bounded_and_whole(
    _select, "the end of a channel ends it (rendezvous)", meetings.select_and_disconnection, 0
)
passes_on = _select("one that was woken for nothing passes it on", meetings.woken_select_passes_on, None, 1)
send_then_leave, send_then_leave_whole = bounded_and_whole(
    _rendezvous, "a message is seen before the disconnection", meetings.send_then_leave
)
buffered_end = _select("the end of a channel ends it (unbounded)", meetings.select_and_disconnection, None)
timed_select, timed_select_whole = bounded_and_whole(
    _select, "one that times out takes nothing and leaves nothing", meetings.select_timed, None
)
cloned = _bounded("one of them gets the message", meetings.two_receivers, 1)

meet = _rendezvous("a send and a receive find each other", meetings.meet)
tries = _rendezvous("two that do not wait never meet", meetings.two_that_try)
try_send, try_send_whole = bounded_and_whole(
    _rendezvous, "try_send beside a send and a receive", meetings.try_send_beside
)
try_recv, try_recv_whole = bounded_and_whole(
    _rendezvous, "try_recv beside a receive and a send", meetings.try_recv_beside
)
timed_send = _rendezvous("a send that times out leaves no trace", meetings.timed_send)
timed_recv, timed_recv_whole = bounded_and_whole(
    _rendezvous, "a receive that times out takes nothing", meetings.timed_recv
)
both_timed, both_timed_whole = bounded_and_whole(
    _rendezvous, "a send and a receive that both may time out", meetings.both_timed
)
receiver_leaves = _rendezvous("the receiver leaves while a sender waits", meetings.receiver_leaves)
receive_then_leave, receive_then_leave_whole = bounded_and_whole(
    _rendezvous, "the receiver takes one message and leaves", meetings.receive_then_leave
)
closed_send, closed_send_whole = bounded_and_whole(
    _rendezvous, "a blocked send ends when its handle is closed", meetings.closed_under_send
)
closed_recv, closed_recv_whole = bounded_and_whole(
    _rendezvous, "a blocked receive ends when its handle is closed", meetings.closed_under_receive
)

select_meets_send = _select("pairs with a plain send of either channel", meetings.select_meets_send, 0)
opposite_selects = _select("two that list two channels in opposite order meet", meetings.opposite_selects, 0)
alone = _select("one that sends and receives does not meet itself", meetings.select_alone, 0)
linearizable = _select("while something is ready, none is not the answer", meetings.select_linearizable, None)
