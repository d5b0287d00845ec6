"""Claims about the channels: every interleaving of each scenario is a behaviour of the abstract channel."""

from proofs import scenarios
from proofs.refinement import Proof, bounded_and_whole, channel_refines
from proofs.scenarios import Scenario
from treadle.report import Evidence, Progress, claim


def _mpsc(statement: str, scenario: Scenario, preemptions: int | None = None, long: bool = False) -> Proof:
    return _refines(f"mpsc: {statement}", scenario, None, preemptions, long)


def _sync(statement: str, scenario: Scenario, preemptions: int | None = None, long: bool = False) -> Proof:
    return _refines(f"sync_channel(1): {statement}", scenario, 1, preemptions, long)


def _refines(
    statement: str, scenario: Scenario, capacity: int | None, preemptions: int | None, long: bool
) -> Proof:
    @claim(statement, long=long)
    def prove(progress: Progress) -> Evidence:
        return channel_refines(scenario, capacity, progress, preemptions)

    return prove


mpsc_end, mpsc_end_whole = bounded_and_whole(
    _mpsc, "a message is seen before the disconnection", scenarios.message_then_end
)
mpsc_tries_at_the_end = _mpsc("a try_recv too sees it before the disconnection", scenarios.tries_at_the_end)
mpsc_receiver_leaves = _mpsc("the receiver leaves while a sender sends", scenarios.receiver_leaves)
mpsc_receive_then_leave = _mpsc("the receiver takes one message and leaves", scenarios.receive_then_leave)
mpsc_timed_receive = _mpsc("a receive that may time out loses nothing", scenarios.timed_receive)
mpsc_tries = _mpsc("try_recv and try_send beside a receive", scenarios.tries)
mpsc_closed, mpsc_closed_whole = bounded_and_whole(
    _mpsc, "a blocked receive ends when its handle is closed", scenarios.closed_under_receive
)
mpsc_producers, mpsc_producers_whole = bounded_and_whole(
    _mpsc, "two senders and a receiver", scenarios.two_producers
)
mpsc_consumers, mpsc_consumers_whole = bounded_and_whole(
    _mpsc, "a sender and two threads that receive", scenarios.two_consumers
)
mpsc_last_senders = _mpsc("two last senders leave while a receiver waits", scenarios.two_last_senders)

sync_end, sync_end_whole = bounded_and_whole(
    _sync, "a message is seen before the disconnection", scenarios.message_then_end
)
sync_tries_at_the_end = _sync("a try_recv too sees it before the disconnection", scenarios.tries_at_the_end)
sync_receiver_leaves = _sync("the receiver leaves while a sender waits", scenarios.receiver_leaves)
sync_receive_then_leave = _sync("the receiver takes one message and leaves", scenarios.receive_then_leave)
sync_timed_receive = _sync("a receive that may time out loses nothing", scenarios.timed_receive)
sync_timed_send = _sync("a send that times out leaves no trace", scenarios.timed_send)
sync_tries = _sync("Full and Empty are said only when true", scenarios.tries)
sync_fills = _sync("no more fits in than the capacity", scenarios.fills)
sync_rivals = _sync("two senders want one place", scenarios.rivals)
sync_rivals_try = _sync("two senders and a receiver that do not wait", scenarios.rivals_and_a_try)
sync_closed, sync_closed_whole = bounded_and_whole(
    _sync, "a blocked receive ends when its handle is closed", scenarios.closed_under_receive
)
sync_last_senders = _sync("two last senders leave while a receiver waits", scenarios.two_last_senders)
