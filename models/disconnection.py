"""How a side that goes and an operation that is under way settle what becomes of the message, step by step.

`ReceiverLeaves`: the last receiver puts END in its line, then refuses further messages, then destroys what is queued. A
send looks at the line after it has published, and destroys what nobody can receive any more.

`SendersLeave`: a send keeps a lease of its handle while it publishes, so that the handle counts as closed only
afterwards. A receiver that finds nothing, and then that the senders are gone, takes once more before it is told.

The steps are those of `core.State.disconnect`, `core.Channel.look`, `Unbounded.offer` and `leases`. Statements S21, S38,
S42, S53-S61.

The broken twins: `NoEnd` (nothing is put in the line), `DestroysFirst` (and refuses afterwards), `NoSecondTake` and
`NoLease`.
"""

import sys
from collections.abc import Iterator
from typing import NamedTuple

from models.expected import Expected, run
from models.tuples import put
from treadle.spec import Model, Verdict, action, eventually, invariant

# --- the receiver leaves ---


class Leaving(NamedTuple):
    """What is shared, and where the threads are."""

    queued: int
    ended: bool  # END is in the line
    refuses: bool
    receiver: str
    senders: tuple[str, ...]


class ReceiverLeaves(Model[Leaving]):
    """Senders of one message each, and a receiver that takes what it finds and leaves."""

    def __init__(self, *, senders: int = 2) -> None:
        self.senders = senders

    def init(self) -> Iterator[Leaving]:
        """Nothing is sent."""
        yield Leaving(
            0, ended=False, refuses=False, receiver=self.leaving[0], senders=("loads",) * self.senders
        )

    #: The steps of the disconnection, in their order; the last one is repeated until nothing is queued.
    leaving: tuple[str, ...] = ("ends", "refuses", "destroys")

    def all_senders(self) -> range:
        """The senders."""
        return range(self.senders)

    def terminal(self, state: Leaving) -> bool:
        """Everybody is through."""
        return state.receiver == "done" and set(state.senders) <= {"done", "refused"}

    def _goes(self, state: Leaving, sender: int, where: str) -> Leaving:
        return state._replace(senders=put(state.senders, sender, where))

    def _after(self, step: str) -> str:
        return (*self.leaving, "done")[self.leaving.index(step) + 1]

    @action(fair="weak", sender=all_senders)
    def load(self, state: Leaving, sender: int) -> Iterator[Leaving]:
        """Find where messages go in, or that they are refused."""
        if state.senders[sender] == "loads":
            yield self._goes(state, sender, "refused" if state.refuses else "appends")

    @action(fair="weak", sender=all_senders)
    def append(self, state: Leaving, sender: int) -> Iterator[Leaving]:
        """Publish the message there."""
        if state.senders[sender] == "appends":
            yield self._goes(state._replace(queued=state.queued + 1), sender, "looks")

    @action(fair="weak", sender=all_senders)
    def look(self, state: Leaving, sender: int) -> Iterator[Leaving]:
        """Look at the line: whoever is through there was there when the message came."""
        if state.senders[sender] == "looks":
            yield self._goes(state, sender, "checks" if state.ended else "done")

    @action(fair="weak", sender=all_senders)
    def check(self, state: Leaving, sender: int) -> Iterator[Leaving]:
        """If messages are refused, destroy what is there; if not yet, the receiver will."""
        if state.senders[sender] == "checks":
            yield self._goes(state, sender, "destroys" if state.refuses else "done")

    @action(fair="weak", sender=all_senders)
    def destroy(self, state: Leaving, sender: int) -> Iterator[Leaving]:
        """Destroy a message, or see that there is none."""
        if state.senders[sender] == "destroys":
            after = state._replace(queued=max(state.queued - 1, 0))
            yield self._goes(after, sender, "destroys" if state.queued else "done")

    @action
    def receive(self, state: Leaving) -> Iterator[Leaving]:
        """Take a message, while the handle is open."""
        if state.receiver == self.leaving[0] and state.queued:
            yield state._replace(queued=state.queued - 1)

    @action(fair="weak")
    def end(self, state: Leaving) -> Iterator[Leaving]:
        """Put END in the line."""
        if state.receiver == "ends":
            yield state._replace(ended=True, receiver=self._after("ends"))

    @action(fair="weak")
    def refuse(self, state: Leaving) -> Iterator[Leaving]:
        """Refuse what comes from now on."""
        if state.receiver == "refuses":
            yield state._replace(refuses=True, receiver=self._after("refuses"))

    @action(fair="weak")
    def destroy_queued(self, state: Leaving) -> Iterator[Leaving]:
        """Destroy a message, or see that there is none."""
        if state.receiver == "destroys":
            receiver = "destroys" if state.queued else self._after("destroys")
            yield state._replace(queued=max(state.queued - 1, 0), receiver=receiver)

    @invariant
    def nothing_is_queued_for_nobody(self, state: Leaving) -> bool:
        """S59: when all is over, no message is left."""
        return not self.terminal(state) or not state.queued

    # --- liveness ---

    @eventually
    def everybody_comes_to_an_end(self, state: Leaving) -> bool:
        """No send overlaps the end for ever."""
        return self.terminal(state)


class NoEnd(ReceiverLeaves):
    """The broken twin that puts nothing in its line: a send that overlaps it sees nobody, and goes."""

    leaving = ("refuses", "destroys")


class DestroysFirst(ReceiverLeaves):
    """The broken twin that destroys what is queued while messages still come."""

    leaving = ("ends", "destroys", "refuses")


# --- the senders leave ---


class Leased(NamedTuple):
    """One handle of a sender, which two threads share, and the receiver."""

    queued: int
    leases: int  # sends under way by the handle
    closed: bool
    gone: bool  # the receiver may know it
    sends: tuple[str, ...]  # by thread that sends
    receiver: str
    sent: int
    received: int


class SendersLeave(Model[Leased]):
    """Threads that send by one handle, one that closes it, and a receiver that is told."""

    def __init__(self, *, sends: int = 1) -> None:
        self.sends = sends

    def init(self) -> Iterator[Leased]:
        """Nothing is sent."""
        yield Leased(
            0,
            0,
            closed=False,
            gone=False,
            sends=("loads",) * self.sends,
            receiver="tries",
            sent=0,
            received=0,
        )

    def all_sends(self) -> range:
        """The threads that send."""
        return range(self.sends)

    def terminal(self, state: Leased) -> bool:
        """The receiver was told, and no send is under way."""
        return state.receiver == "told" and set(state.sends) <= {"done", "handle closed"}

    def is_gone(self, leases: int, closed: bool) -> bool:
        """Whether the side counts as gone."""
        return closed and not leases

    @action(fair="weak", thread=all_sends)
    def take_lease(self, state: Leased, thread: int) -> Iterator[Leased]:
        """Begin a send: take a lease, unless the handle is closed."""
        if state.sends[thread] == "loads":
            where = "handle closed" if state.closed else "appends"
            leases = state.leases + (not state.closed)
            yield state._replace(leases=leases, sends=put(state.sends, thread, where))

    @action(fair="weak", thread=all_sends)
    def append(self, state: Leased, thread: int) -> Iterator[Leased]:
        """Publish the message."""
        if state.sends[thread] == "appends":
            after = state._replace(queued=state.queued + 1, sent=state.sent + 1)
            yield after._replace(sends=put(state.sends, thread, "leaves"))

    @action(fair="weak", thread=all_sends)
    def end_lease(self, state: Leased, thread: int) -> Iterator[Leased]:
        """End the send, and with the last lease of a closed handle the side."""
        if state.sends[thread] == "leaves":
            leases = state.leases - 1
            gone = state.gone or self.is_gone(leases, state.closed)
            yield state._replace(leases=leases, gone=gone, sends=put(state.sends, thread, "done"))

    @action(fair="weak")
    def close(self, state: Leased) -> Iterator[Leased]:
        """Close the handle."""
        if not state.closed:
            yield state._replace(closed=True, gone=self.is_gone(state.leases, True))

    @action(fair="weak")
    def take(self, state: Leased) -> Iterator[Leased]:
        """Take a message, or see that there is none."""
        if state.receiver in {"tries", "tries last"}:
            if state.queued:
                yield state._replace(queued=state.queued - 1, received=state.received + 1, receiver="tries")
            else:
                yield state._replace(receiver="missed" if state.receiver == "tries" else "told")

    @action(fair="weak")
    def miss(self, state: Leased) -> Iterator[Leased]:
        """There was none: if the senders are gone, try once more."""
        if state.receiver == "missed":
            yield state._replace(receiver=self.when_gone if state.gone else "tries")

    when_gone = "tries last"

    @invariant
    def the_end_is_final(self, state: Leased) -> bool:
        """S38, S57: whoever is told has every message that was sent, for ever."""
        return state.receiver != "told" or state.received == state.sent

    @eventually
    def the_receiver_is_told(self, state: Leased) -> bool:
        """S40: if the handle is closed, the receiver hears of it."""
        return state.receiver == "told"


class NoSecondTake(SendersLeave):
    """The broken twin that is told at once: a message came after it had looked."""

    when_gone = "told"


class NoLease(SendersLeave):
    """The broken twin whose handle is closed under a send."""

    def is_gone(self, leases: int, closed: bool) -> bool:
        """As soon as it is closed."""
        return closed


LEFT = "invariant nothing_is_queued_for_nobody is violated"
NOT_FINAL = "invariant the_end_is_final is violated"

EXPECTED = (
    Expected(ReceiverLeaves(senders=1), Verdict.HOLDS, 35, 9),
    Expected(ReceiverLeaves(senders=2), Verdict.HOLDS, 283, 14),
    Expected(ReceiverLeaves(senders=3), Verdict.HOLDS, 2_225, 19),
    Expected(NoEnd(senders=1), Verdict.VIOLATED, 19, 6, LEFT),
    Expected(DestroysFirst(senders=1), Verdict.VIOLATED, 32, 8, LEFT),
    Expected(SendersLeave(sends=1), Verdict.HOLDS, 33, 9),
    Expected(SendersLeave(sends=2), Verdict.HOLDS, 178, 13),
    Expected(NoSecondTake(), Verdict.VIOLATED, 29, 7, NOT_FINAL),
    Expected(NoLease(), Verdict.VIOLATED, 36, 7, NOT_FINAL),
)

if __name__ == "__main__":
    sys.exit(not run(EXPECTED))
