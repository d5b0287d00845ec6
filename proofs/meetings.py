"""Scenarios round a rendezvous, cloned receivers and select, with every call and return recorded.

The specification is `models.several`. Every select here is biased: the exploration follows each order that matters by
the scenario that lists the cases in it, and a random order would not replay.
"""

import threading
from collections.abc import Callable, Hashable, Mapping
from types import ModuleType
from typing import Any

import treadle.channels
from models import several
from models.outcome import Outcome
from models.several import Several
from proofs.scenarios import Body, Watched, outcome_of
from treadle.conform import History, RefinementError, Specification
from treadle.conform.history import Call

Capacities = Mapping[str, int | None]
Case = tuple[Any, ...]  # "send", Watched, message; or "recv", Watched


class Kit:
    """What a scenario is played with: the handles by name, and select."""

    def __init__(self, history: History, channels: ModuleType, capacities: Capacities) -> None:
        self._history = history
        self._channels = channels
        self._handles: dict[str, Watched] = {}
        self._states: dict[str, Any] = {}
        for name, capacity in capacities.items():
            tx, rx = channels.unbounded() if capacity is None else channels.bounded(capacity)
            self._states[name] = tx._lease.channel
            for side, handle in (("tx", tx), ("rx", rx)):
                self._handles[f"{name}.{side}"] = Watched(handle, f"{name}.{side}", history)

    def __getitem__(self, name: str) -> Watched:
        return self._handles[name]

    def select(self, *cases: Case) -> None:
        """Do one of the cases, or wait."""
        self._select("select", cases)

    def try_select(self, *cases: Case) -> None:
        """Do one of the cases, or none if none can be done."""
        self._select("try_select", cases, default=None)

    def select_timeout(self, *cases: Case) -> None:
        """Do one of the cases, or none if time runs out."""
        self._select("select_timeout", cases, timeout=1.0)

    def assert_nobody_in_line(self) -> None:
        """Everybody who waited has left (S32, S49, S101)."""
        for name, state in self._states.items():
            for side in (state.senders, state.receivers):
                if any(type(entry) is not object for entry in side.waiting):
                    raise RefinementError(f"nobody waits, and somebody is in line of {name}")

    def _select(self, operation: str, cases: tuple[Case, ...], **options: Any) -> None:
        made = [getattr(self._channels, kind)(handle._handle, *message) for kind, handle, *message in cases]
        shown = tuple((kind, handle._name, *message) for kind, handle, *message in cases)
        try:
            self._history.record(
                operation, shown, lambda: self._channels.select(*made, biased=True, **options), _selected
            )
        except Exception as error:
            if type(error).__name__ != "SelectTimeout":
                raise


def _selected(value: Any, error: BaseException | None) -> Hashable:
    if error is not None:
        return Outcome("Timeout") if type(error).__name__ == "SelectTimeout" else outcome_of(None, error)
    if value is None:
        return Outcome("Nothing")
    if value.error is not None:
        return Outcome("selected", (value.index, outcome_of(None, value.error)))
    return Outcome("selected", (value.index, outcome_of(value.value, None)))


Scenario = Callable[[Kit], list[Body]]


def specification(capacities: Capacities) -> Specification[Several]:
    """What channels with the handles "a.tx" and "a.rx" must do."""
    return Specification(several.make(capacities), several.OPERATIONS, _together)


def _together(state: Several, one: Call, other: Call) -> Any:
    return several.meetings(state, (one.operation, one.arguments), (other.operation, other.arguments))


def play(
    scenario: Scenario, capacities: Capacities, channels: ModuleType = treadle.channels
) -> Callable[[History], None]:
    """Return the program that plays *scenario* on fresh channels of the package *channels*."""

    def program(history: History) -> None:
        kit = Kit(history, channels, capacities)
        threads = [threading.Thread(target=body, name=body.__name__) for body in scenario(kit)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        kit.assert_nobody_in_line()
        del kit  # the handles have lived until here

    return program


def meet(kit: Kit) -> list[Body]:
    """A send and a receive that come at once find each other (S3, S22)."""

    def sender() -> None:
        kit["a.tx"].send(1)

    def receiver() -> None:
        kit["a.rx"].recv()

    return [sender, receiver]


def two_senders(kit: Kit) -> list[Body]:
    """One of two senders meets the receiver, the other waits (S70)."""

    def sender() -> None:
        kit["a.tx"].send(1)

    def another() -> None:
        kit["a.tx"].send(2)

    def receiver() -> None:
        kit["a.rx"].recv()

    return [sender, another, receiver]


def two_receivers(kit: Kit) -> list[Body]:
    """One of two receivers, each with its handle, gets the message (S10)."""
    other = kit["a.rx"].clone("a.rx2")

    def sender() -> None:
        kit["a.tx"].send(1)

    def receiver() -> None:
        kit["a.rx"].recv()

    def another() -> None:
        other.recv()

    return [sender, receiver, another]


def try_send_beside(kit: Kit) -> list[Body]:
    """A send that does not wait meets a receiver that waits, or nobody (S26)."""

    def sender() -> None:
        kit["a.tx"].send(1)

    def trier() -> None:
        kit["a.tx"].try_send(2)

    def receiver() -> None:
        kit["a.rx"].recv()

    return [sender, trier, receiver]


def try_recv_beside(kit: Kit) -> list[Body]:
    """A receive that does not wait meets a sender that waits, or nobody (S44)."""

    def sender() -> None:
        kit["a.tx"].send(1)

    def trier() -> None:
        kit["a.rx"].try_recv()

    def receiver() -> None:
        kit["a.rx"].recv()

    return [sender, trier, receiver]


def two_that_try(kit: Kit) -> list[Body]:
    """Two that do not wait never meet (S26, S44)."""

    def sender() -> None:
        kit["a.tx"].try_send(1)

    def receiver() -> None:
        kit["a.rx"].try_recv()

    return [sender, receiver]


def timed_send(kit: Kit) -> list[Body]:
    """A send that times out leaves no trace (S32)."""

    def sender() -> None:
        kit["a.tx"].send_timeout(1)

    def receiver() -> None:
        kit["a.rx"].recv()

    return [sender, receiver]


def timed_recv(kit: Kit) -> list[Body]:
    """A receive that times out takes nothing (S49)."""

    def sender() -> None:
        kit["a.tx"].send(1)

    def receiver() -> None:
        kit["a.rx"].recv_timeout()

    return [sender, receiver]


def both_timed(kit: Kit) -> list[Body]:
    """Both get on or both give up (S32, S49)."""

    def sender() -> None:
        kit["a.tx"].send_timeout(1)

    def receiver() -> None:
        kit["a.rx"].recv_timeout()

    return [sender, receiver]


def receiver_leaves(kit: Kit) -> list[Body]:
    """A sender that waits gets its message back when the receiver goes (S19)."""

    def sender() -> None:
        kit["a.tx"].send(1)

    def receiver() -> None:
        kit["a.rx"].close()

    return [sender, receiver]


def receive_then_leave(kit: Kit) -> list[Body]:
    """Of two senders one meets the receiver, and the other is told that it left (S19, S20)."""

    def sender() -> None:
        kit["a.tx"].send(1)
        kit["a.tx"].send(2)

    def receiver() -> None:
        kit["a.rx"].recv()
        kit["a.rx"].close()

    return [sender, receiver]


def send_then_leave(kit: Kit) -> list[Body]:
    """The message is taken before the end is seen (S38, S40)."""

    def sender() -> None:
        kit["a.tx"].send(1)
        kit["a.tx"].close()

    def receiver() -> None:
        kit["a.rx"].recv()
        kit["a.rx"].recv()

    return [sender, receiver]


def closed_under_send(kit: Kit) -> list[Body]:
    """A send through a handle that another thread closes ends with HandleClosed (P12)."""

    def sender() -> None:
        kit["a.tx"].send(1)

    def closer() -> None:
        kit["a.tx"].close()

    return [sender, closer]


def closed_under_receive(kit: Kit) -> list[Body]:
    """A receive through a handle that another thread closes ends with HandleClosed (P12)."""

    def receiver() -> None:
        kit["a.rx"].recv()

    def closer() -> None:
        kit["a.rx"].close()

    return [receiver, closer]


def select_meets_send(kit: Kit) -> list[Body]:
    """A select pairs with a plain send of either channel (S98, S102)."""

    def sender() -> None:
        kit["a.tx"].send(1)

    def selecting() -> None:
        kit.select(("recv", kit["b.rx"]), ("recv", kit["a.rx"]))

    return [sender, selecting]


def opposite_selects(kit: Kit) -> list[Body]:
    """Two selects that list the same two channels in opposite order meet on one of them (S97)."""

    def one() -> None:
        kit.select(("send", kit["a.tx"], 1), ("recv", kit["b.rx"]))

    def other() -> None:
        kit.select(("send", kit["b.tx"], 2), ("recv", kit["a.rx"]))

    return [one, other]


def select_alone(kit: Kit) -> list[Body]:
    """A select does not meet itself (S95, S96)."""

    def one() -> None:
        kit.select(("send", kit["a.tx"], 1), ("recv", kit["a.rx"]))

    return [one]


def select_and_disconnection(kit: Kit) -> list[Body]:
    """A select that waits on two channels is ended by the end of either (S84, S99)."""

    def selecting() -> None:
        kit.select(("recv", kit["a.rx"]), ("recv", kit["b.rx"]))

    def leaving() -> None:
        kit["b.tx"].close()

    def sender() -> None:
        kit["a.tx"].send(1)

    return [selecting, leaving, sender]


def select_linearizable(kit: Kit) -> list[Body]:
    """While one of two channels always has a message, none is never the answer (S100)."""
    kit["a.tx"].send(1)

    def mover() -> None:
        kit["b.tx"].send(2)
        kit["a.rx"].recv()

    def selecting() -> None:
        kit.try_select(("recv", kit["b.rx"]), ("recv", kit["a.rx"]))

    return [mover, selecting]


def select_timed(kit: Kit) -> list[Body]:
    """A select that times out takes nothing and leaves nothing (S89, S101)."""

    def selecting() -> None:
        kit.select_timeout(("recv", kit["a.rx"]), ("recv", kit["b.rx"]))

    def sender() -> None:
        kit["a.tx"].send(1)
        kit["a.rx"].try_recv()

    return [selecting, sender]


def woken_select_passes_on(kit: Kit) -> list[Body]:
    """A message for a select that got on elsewhere goes to the next who waits (S75, S102)."""

    def selecting() -> None:
        kit.select(("recv", kit["a.rx"]), ("recv", kit["b.rx"]))

    def receiver() -> None:
        kit["b.rx"].recv()

    def sender() -> None:
        kit["b.tx"].send(2)
        kit["a.tx"].send(1)

    return [selecting, receiver, sender]
