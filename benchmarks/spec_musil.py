"""The same models for musil, in the style of its own documentation: frozen dataclasses, guarded actions."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import musil

from benchmarks.spec_models import Counts, counted
from tests.spec.two_phase import Votes, voted


@dataclass(frozen=True)
class Protocol:
    """Two-phase commit."""

    votes: Votes
    manager: str = "init"
    prepared: frozenset[int] = frozenset()
    messages: frozenset[str | int] = frozenset()


def _two_phase_actions(rms: int) -> list[Any]:
    """As `tests.spec.two_phase.TwoPhase`, action by action."""
    act = musil.Action
    found = [
        act(
            "manager_commits",
            lambda s: s.manager == "init" and len(s.prepared) == rms,
            lambda s: replace(s, manager="committed", messages=s.messages | {"Commit"}),
        ),
        act(
            "manager_aborts",
            lambda s: s.manager == "init",
            lambda s: replace(s, manager="aborted", messages=s.messages | {"Abort"}),
        ),
    ]
    for rm in range(rms):
        found += [
            act(
                f"manager_receives({rm})",
                lambda s, rm=rm: s.manager == "init" and rm in s.messages,
                lambda s, rm=rm: replace(s, prepared=s.prepared | {rm}),
            ),
            act(
                f"prepare({rm})",
                lambda s, rm=rm: s.votes[rm] == "working",
                lambda s, rm=rm: replace(s, votes=voted(s.votes, rm, "prepared"), messages=s.messages | {rm}),
            ),
            act(
                f"choose_to_abort({rm})",
                lambda s, rm=rm: s.votes[rm] == "working",
                lambda s, rm=rm: replace(s, votes=voted(s.votes, rm, "aborted")),
            ),
            act(
                f"learn_commit({rm})",
                lambda s: "Commit" in s.messages,
                lambda s, rm=rm: replace(s, votes=voted(s.votes, rm, "committed")),
            ),
            act(
                f"learn_abort({rm})",
                lambda s: "Abort" in s.messages,
                lambda s, rm=rm: replace(s, votes=voted(s.votes, rm, "aborted")),
            ),
        ]
    return found


def two_phase(rms: int) -> Any:  # musil's model
    """Two-phase commit with so many resource managers."""
    return musil.Model(
        init=Protocol(("working",) * rms),
        actions=_two_phase_actions(rms),
        invariants={"consistent": lambda s: not {"committed", "aborted"} <= set(s.votes)},
        terminal=lambda s: all(vote in {"committed", "aborted"} for vote in s.votes),
    )


@dataclass(frozen=True)
class Wire:
    """A bounded channel with its senders and its receiver."""

    sent: Counts
    taken: Counts
    buffer: tuple[int, ...]
    open: frozenset[int]
    told: bool = False


def _mpsc_actions(senders: int, messages: int, capacity: int) -> list[Any]:
    """As `benchmarks.spec_models.Mpsc`, action by action."""
    act = musil.Action
    found = [
        act(
            "recv",
            lambda s: bool(s.buffer),
            lambda s: replace(s, taken=counted(s.taken, s.buffer[0]), buffer=s.buffer[1:]),
        ),
        act(
            "disconnect",
            lambda s: not s.buffer and not s.open and not s.told,
            lambda s: replace(s, told=True),
        ),
    ]
    for sender in range(senders):
        found += [
            act(
                f"send({sender})",
                lambda s, me=sender: me in s.open and s.sent[me] < messages and len(s.buffer) < capacity,
                lambda s, me=sender: replace(s, sent=counted(s.sent, me), buffer=(*s.buffer, me)),
            ),
            act(
                f"drop({sender})",
                lambda s, me=sender: me in s.open,
                lambda s, me=sender: replace(s, open=s.open - {me}),
            ),
        ]
    return found


def mpsc(senders: int, messages: int, capacity: int) -> Any:  # musil's model
    """Some senders with some messages each."""
    none = (0,) * senders
    return musil.Model(
        init=Wire(none, none, (), frozenset(range(senders))),
        actions=_mpsc_actions(senders, messages, capacity),
        invariants={"nothing_is_lost": lambda s: sum(s.sent) == sum(s.taken) + len(s.buffer)},
        terminal=lambda s: s.told,
    )


def states(model: Any) -> int:
    """Check a model that holds, and return how many states it has."""
    result = musil.check(model, max_states=10**7)
    assert result.ok, result
    return int(result.states_explored)


MODELS: dict[str, Callable[[], Any]] = {
    "TwoPhase(6)": lambda: two_phase(6),
    "Mpsc(4, 3, 3)": lambda: mpsc(4, 3, 3),
}
