"""Mailboxes and moved values: a value has one owner, whatever becomes of the send.

Two threads share one `Owned` and send it, each to its own address; a receiver waits at each address; one thread may discard
the first address at any moment. A send finds the address's channel, moves the value out of the Owned (one atomic
step, which one of two threads wins), offers it, and puts it back if the channel refuses.

The steps are those of `mailboxes._box`, `Owned._move` and `owned.offer_owned`. Statements S14-S18, S59 for each address.

Its broken twins are `Copies`, where a send leaves the value where it was, and `KeepsNothing`, where a refused send does not
put it back.
"""

import sys
from collections.abc import Iterator
from typing import NamedTuple

from models.expected import Expected, run
from models.tuples import put
from treadle.spec import Model, Verdict, action, eventually, invariant

ADDRESSES = (0, 1)  # the thread of the same number sends there


class State(NamedTuple):
    """Where the value is, and where the threads are."""

    owned: bool  # the shared Owned has it
    boxes: tuple[int, ...]  # by address: how often it was made; the present channel has this number
    alive: bool  # whether the first channel of address 0 is not discarded
    queued: tuple[int, ...]  # by address: values in its present channel
    hands: tuple[bool, ...]  # by sender: it holds the value, moved
    found: tuple[int, ...]  # by sender: which channel of its address it found
    senders: tuple[str, ...]
    received: tuple[int, ...]  # by address
    destroyed: int
    discarder: str


class MovedMail(Model[State]):
    """Two senders of one value, receivers, and one who discards an address."""

    def __init__(self, *, discards: bool = True) -> None:
        self.discards = discards

    def init(self) -> Iterator[State]:
        """The value is in the Owned that both senders share."""
        none, no = (0, 0), (False, False)
        discarder = "discards" if self.discards else "done"
        yield State(True, none, True, none, no, none, ("finds", "finds"), none, 0, discarder)

    def terminal(self, state: State) -> bool:
        """Both sends have ended, and nothing is left to receive."""
        ended = {"sent", "refused", "moved before"}
        return set(state.senders) <= ended and not any(state.queued) and state.discarder == "done"

    def _goes(self, state: State, sender: int, where: str) -> State:
        return state._replace(senders=put(state.senders, sender, where))

    # --- actions ---

    @action(fair="weak", sender=ADDRESSES)
    def find_address(self, state: State, sender: int) -> Iterator[State]:
        """Find the channel of the address, or make it."""
        if state.senders[sender] == "finds":
            boxes = state.boxes if state.boxes[sender] else put(state.boxes, sender, 1)
            after = state._replace(boxes=boxes, found=put(state.found, sender, boxes[sender]))
            yield self._goes(after, sender, "moves")

    @action(fair="weak", sender=ADDRESSES)
    def move(self, state: State, sender: int) -> Iterator[State]:
        """Move the value out of the Owned; one of two finds it there."""
        if state.senders[sender] == "moves":
            if state.owned:
                after = state._replace(owned=self.stays, hands=put(state.hands, sender, True))
                yield self._goes(after, sender, "offers")
            else:
                yield self._goes(state, sender, "moved before")

    stays = False

    @action(fair="weak", sender=ADDRESSES)
    def offer(self, state: State, sender: int) -> Iterator[State]:
        """Put the value in the channel that was found, or learn that it is gone."""
        if state.senders[sender] != "offers":
            return
        if sender == 0 and not state.alive:
            yield self._goes(state, sender, "gives back")
        else:
            after = state._replace(
                queued=put(state.queued, sender, state.queued[sender] + 1),
                hands=put(state.hands, sender, False),
            )
            yield self._goes(after, sender, "sent")

    @action(fair="weak", sender=ADDRESSES)
    def give_back(self, state: State, sender: int) -> Iterator[State]:
        """Put the value back: the send has failed, and left everything as it was."""
        if state.senders[sender] == "gives back":
            after = state._replace(owned=self.returns or state.owned, hands=put(state.hands, sender, False))
            yield self._goes(after, sender, "refused")

    returns = True

    @action(fair="weak", address=ADDRESSES)
    def receive(self, state: State, address: int) -> Iterator[State]:
        """Receive the value at the address."""
        if state.queued[address]:
            yield state._replace(
                queued=put(state.queued, address, state.queued[address] - 1),
                received=put(state.received, address, state.received[address] + 1),
            )

    @action
    def discard(self, state: State) -> Iterator[State]:
        """Forget the first address, and destroy what waits there; if it was never used, do nothing."""
        if state.discarder == "discards":
            if not state.boxes[0]:
                yield state._replace(discarder="done")
                return
            yield state._replace(
                alive=False,
                queued=put(state.queued, 0, 0),
                destroyed=state.destroyed + state.queued[0],
                discarder="done",
            )

    # --- invariants ---

    @invariant
    def the_value_has_one_owner(self, state: State) -> bool:
        """It is in one place, or it was destroyed where it waited."""
        places = state.owned + sum(state.hands) + sum(state.queued) + sum(state.received) + state.destroyed
        return places == 1

    @invariant
    def a_refused_send_leaves_everything_as_it_was(self, state: State) -> bool:
        """S17: unless the other one has taken the value since."""
        refused = state.senders[0] == "refused" and state.senders[1] in {"finds", "moves"}
        return not refused or state.owned

    # --- liveness ---

    @eventually
    def both_sends_end(self, state: State) -> bool:
        """And what was sent is received or destroyed."""
        return set(state.senders) <= {"sent", "refused", "moved before"} and not any(state.queued)


class Copies(MovedMail):
    """The broken twin whose sends leave the value where it was."""

    stays = True


class KeepsNothing(MovedMail):
    """The broken twin whose refused sends lose the value."""

    returns = False


OWNERS = "invariant the_value_has_one_owner is violated"

EXPECTED = (
    Expected(MovedMail(discards=False), Verdict.HOLDS, 22, 7),
    Expected(MovedMail(), Verdict.HOLDS, 70, 10),
    Expected(Copies(discards=False), Verdict.VIOLATED, 6, 3, OWNERS),
    Expected(KeepsNothing(), Verdict.VIOLATED, 50, 6, OWNERS),
)

if __name__ == "__main__":
    sys.exit(not run(EXPECTED))
