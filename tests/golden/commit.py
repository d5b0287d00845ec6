"""Transaction commit, and two-phase commit. tlaplus/Examples TCommit.tla and TwoPhase.tla (Lamport)."""

from collections.abc import Iterator
from typing import NamedTuple

from treadle.spec import Model, action, invariant

Votes = tuple[str, ...]  # by resource manager: working, prepared, committed, aborted


def voted(votes: Votes, rm: int, vote: str) -> Votes:
    return (*votes[:rm], vote, *votes[rm + 1 :])


class TCommit(Model[Votes]):
    def __init__(self, rms: int) -> None:
        self.rms = rms

    def init(self) -> Iterator[Votes]:
        yield ("working",) * self.rms

    def terminal(self, votes: Votes) -> bool:
        return all(vote in {"committed", "aborted"} for vote in votes)

    @action(rm=lambda model: range(model.rms))
    def prepare(self, votes: Votes, rm: int) -> Iterator[Votes]:
        if votes[rm] == "working":
            yield voted(votes, rm, "prepared")

    @action(rm=lambda model: range(model.rms))
    def decide_commit(self, votes: Votes, rm: int) -> Iterator[Votes]:
        if votes[rm] == "prepared" and all(vote in {"prepared", "committed"} for vote in votes):
            yield voted(votes, rm, "committed")

    @action(rm=lambda model: range(model.rms))
    def decide_abort(self, votes: Votes, rm: int) -> Iterator[Votes]:
        if votes[rm] in {"working", "prepared"} and "committed" not in votes:
            yield voted(votes, rm, "aborted")

    @invariant
    def consistent(self, votes: Votes) -> bool:
        return not {"committed", "aborted"} <= set(votes)


class Protocol(NamedTuple):
    votes: Votes
    manager: str  # init, committed, aborted
    prepared: frozenset[int]  # whose message the manager has received
    messages: frozenset[str | int]  # Commit, Abort, or who is prepared


class TwoPhase(Model[Protocol]):
    def __init__(self, rms: int) -> None:
        self.rms = rms

    def init(self) -> Iterator[Protocol]:
        yield Protocol(("working",) * self.rms, "init", frozenset(), frozenset())

    def terminal(self, state: Protocol) -> bool:
        return all(vote in {"committed", "aborted"} for vote in state.votes)

    @action(rm=lambda model: range(model.rms))
    def manager_receives(self, state: Protocol, rm: int) -> Iterator[Protocol]:
        if state.manager == "init" and rm in state.messages:
            yield state._replace(prepared=state.prepared | {rm})

    @action
    def manager_commits(self, state: Protocol) -> Iterator[Protocol]:
        if state.manager == "init" and len(state.prepared) == self.rms:
            yield state._replace(manager="committed", messages=state.messages | {"Commit"})

    @action
    def manager_aborts(self, state: Protocol) -> Iterator[Protocol]:
        if state.manager == "init":
            yield state._replace(manager="aborted", messages=state.messages | {"Abort"})

    @action(rm=lambda model: range(model.rms))
    def prepare(self, state: Protocol, rm: int) -> Iterator[Protocol]:
        if state.votes[rm] == "working":
            yield state._replace(votes=voted(state.votes, rm, "prepared"), messages=state.messages | {rm})

    @action(rm=lambda model: range(model.rms))
    def choose_to_abort(self, state: Protocol, rm: int) -> Iterator[Protocol]:
        if state.votes[rm] == "working":
            yield state._replace(votes=voted(state.votes, rm, "aborted"))

    @action(rm=lambda model: range(model.rms))
    def learn_commit(self, state: Protocol, rm: int) -> Iterator[Protocol]:
        if "Commit" in state.messages:
            yield state._replace(votes=voted(state.votes, rm, "committed"))

    @action(rm=lambda model: range(model.rms))
    def learn_abort(self, state: Protocol, rm: int) -> Iterator[Protocol]:
        if "Abort" in state.messages:
            yield state._replace(votes=voted(state.votes, rm, "aborted"))

    @invariant
    def consistent(self, state: Protocol) -> bool:
        return not {"committed", "aborted"} <= set(state.votes)
