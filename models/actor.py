"""An actor, and clients that ask it: every ask ends with a reply, or is told that none will come.

A client notes its reply channel among the actor's asks, sends its request, and waits. The actor takes a request after the
other; it replies, or keeps the reply sender for later, or dies. When it ends it closes its mailbox, which
destroys the requests that are left, and then closes the reply senders that are still among the asks.

The steps are those of `actors.ActorRef.ask` and `actors._live`.

Its broken twins are `ForgetsAsks`, which closes no reply sender, `ClosesAsksFirst`, which closes them before its mailbox,
and `KeepsForEver`, which need not reply to what it has kept.
"""

import sys
from collections.abc import Iterator
from typing import NamedTuple

from models.expected import Expected, run
from models.tuples import put
from treadle.spec import Model, Verdict, action, invariant, leads_to


class State(NamedTuple):
    """The mailbox, the replies, and where everybody is."""

    mailbox: tuple[int, ...]  # requests, by the client's number
    is_open: bool  # the mailbox
    kept: frozenset[int]  # clients whose reply sender the actor has
    asks: frozenset[int]  # clients whose reply channel is noted
    replies: tuple[str, ...]  # by client: "", "reply", or "closed"
    clients: tuple[str, ...]
    actor: str


class Asking(Model[State]):
    """An actor that may die, and clients that ask once."""

    def __init__(self, *, clients: int = 2) -> None:
        self.clients = clients

    def init(self) -> Iterator[State]:
        """Nobody has asked."""
        nothing = ("",) * self.clients
        yield State((), True, frozenset(), frozenset(), nothing, ("notes",) * self.clients, "lives")

    def everyone(self) -> range:
        """The clients."""
        return range(self.clients)

    def terminal(self, state: State) -> bool:
        """Every ask has ended; the actor may live on."""
        return set(state.clients) <= {"answered", "told", "refused"}

    #: What a dying actor does, in its order.
    dying: tuple[str, ...] = ("closes mailbox", "closes asks")

    def _after(self, step: str) -> str:
        return (*self.dying, "dead")[self.dying.index(step) + 1]

    def _goes(self, state: State, client: int, where: str) -> State:
        return state._replace(clients=put(state.clients, client, where))

    def _closed(self, state: State, clients: frozenset[int]) -> State:
        """The reply senders of these clients are gone: whoever has no reply by now gets none."""
        replies = tuple(
            "closed" if client in clients and not reply else reply
            for client, reply in enumerate(state.replies)
        )
        return state._replace(replies=replies, kept=state.kept - clients, asks=state.asks - clients)

    # --- a client ---

    @action(fair="weak", client=everyone)
    def note(self, state: State, client: int) -> Iterator[State]:
        """Note the reply channel among the asks."""
        if state.clients[client] == "notes":
            yield self._goes(state._replace(asks=state.asks | {client}), client, "sends")

    @action(fair="weak", client=everyone)
    def send(self, state: State, client: int) -> Iterator[State]:
        """Send the request, with the reply sender in it."""
        if state.clients[client] == "sends":
            if state.is_open:
                yield self._goes(state._replace(mailbox=(*state.mailbox, client)), client, "waits")
            else:
                yield self._goes(self._closed(state, frozenset({client})), client, "refused")

    @action(fair="weak", client=everyone)
    def hear(self, state: State, client: int) -> Iterator[State]:
        """Get the reply, or be told that none will come."""
        if state.clients[client] == "waits" and state.replies[client]:
            yield self._goes(state, client, "answered" if state.replies[client] == "reply" else "told")

    # --- the actor ---

    @action(fair="weak")
    def handle(self, state: State) -> Iterator[State]:
        """Take the next request: reply, or keep the reply sender."""
        if state.actor == "lives" and state.mailbox:
            client, *rest = state.mailbox
            after = state._replace(mailbox=tuple(rest))
            yield self._replied(after, client)
            yield after._replace(kept=after.kept | {client})

    @action(fair="weak")
    def reply_later(self, state: State) -> Iterator[State]:
        """Reply to a request that was kept."""
        if state.actor == "lives":
            for client in state.kept:
                yield self._replied(state, client)

    def _replied(self, state: State, client: int) -> State:
        """The reply is there, unless the sender was closed; with it the reply sender is dropped."""
        replies = state.replies if state.replies[client] else put(state.replies, client, "reply")
        return state._replace(replies=replies, kept=state.kept - {client}, asks=state.asks - {client})

    @action
    def die(self, state: State) -> Iterator[State]:
        """Raise, or be stopped."""
        if state.actor == "lives":
            yield state._replace(actor=self.dying[0])

    @action(fair="weak")
    def close_mailbox(self, state: State) -> Iterator[State]:
        """Close the mailbox: what is queued is destroyed, and the reply senders in it."""
        if state.actor == "closes mailbox":
            after = self.destroyed(state, frozenset(state.mailbox))
            yield after._replace(mailbox=(), is_open=False, actor=self._after("closes mailbox"))

    def destroyed(self, state: State, clients: frozenset[int]) -> State:
        """Requests are destroyed; somebody may have kept a reference, so that the reply senders live on."""
        return state

    @action(fair="weak")
    def close_asks(self, state: State) -> Iterator[State]:
        """Close the reply senders that are left."""
        if state.actor == "closes asks":
            yield self._closed(state, state.asks)._replace(actor=self._after("closes asks"))

    # --- invariants ---

    @invariant
    def nobody_waits_for_a_dead_actor(self, state: State) -> bool:
        """Once it has ended, every ask that was accepted has its answer, or its channel is closed."""
        return state.actor != "dead" or all(
            where != "waits" or reply for where, reply in zip(state.clients, state.replies, strict=True)
        )

    # --- liveness ---

    @leads_to(client=everyone)
    def every_ask_ends(self, state: State, client: int) -> tuple[bool, bool]:
        """With a reply, or because the actor is dead."""
        return state.clients[client] != "notes", state.clients[client] in {"answered", "told", "refused"}


class ForgetsAsks(Asking):
    """The broken twin that closes no reply sender: what it kept is kept by somebody else, too."""

    dying = ("closes mailbox",)


class ClosesAsksFirst(Asking):
    """The broken twin that closes the asks and then its mailbox: one that comes between waits for ever."""

    dying = ("closes asks", "closes mailbox")


class KeepsForEver(Asking):
    """The broken twin that may live on and never reply to what it has kept: a matter of liveness alone."""

    @action
    def reply_later(self, state: State) -> Iterator[State]:
        """Reply, or do something else for ever."""
        yield from super().reply_later(state)


UNANSWERED = "leads_to every_ask_ends(client=0) is violated"
FOR_EVER = "invariant nobody_waits_for_a_dead_actor is violated"

EXPECTED = (
    Expected(Asking(clients=1), Verdict.HOLDS, 27, 8),
    Expected(Asking(clients=2), Verdict.HOLDS, 187, 12),
    Expected(Asking(clients=3), Verdict.HOLDS, 1_327, 16),
    Expected(ForgetsAsks(clients=1), Verdict.VIOLATED, 15, 5, FOR_EVER),
    Expected(ClosesAsksFirst(clients=1), Verdict.VIOLATED, 26, 6, FOR_EVER),
    Expected(KeepsForEver(clients=1), Verdict.VIOLATED, 27, 8, UNANSWERED),
)

if __name__ == "__main__":
    sys.exit(not run(EXPECTED))
