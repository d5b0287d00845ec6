"""Two-phase commit (tlaplus/Examples TwoPhase.tla, Lamport) in the style of the documentation, with its symmetry."""

from collections.abc import Iterator, Mapping

from treadle.spec import Model, State, action, invariant

Votes = tuple[str, ...]  # by resource manager: working, prepared, committed, aborted


class Protocol(State):
    votes: Votes
    manager: str = "init"  # or committed, aborted
    prepared: frozenset[int] = frozenset()  # whose message the manager has received
    messages: frozenset[str | int] = frozenset()  # Commit, Abort, or who is prepared


def voted(votes: Votes, rm: int, vote: str) -> Votes:
    return (*votes[:rm], vote, *votes[rm + 1 :])


class TwoPhase(Model[Protocol]):
    def __init__(self, rms: int) -> None:
        self.rms = rms

    def init(self) -> Iterator[Protocol]:
        yield Protocol(("working",) * self.rms)

    def terminal(self, state: Protocol) -> bool:
        return all(vote in {"committed", "aborted"} for vote in state.votes)

    def columns(self, state: Protocol) -> Mapping[str, object]:
        return {
            f"rm{rm}": (state.votes[rm], rm in state.prepared, rm in state.messages) for rm in range(self.rms)
        }

    def permuted(self, state: Protocol, order: tuple[int, ...]) -> Protocol:
        place = {rm: new for new, rm in enumerate(order)}
        return state.evolve(
            votes=tuple(state.votes[rm] for rm in order),
            prepared=frozenset(place[rm] for rm in state.prepared),
            messages=frozenset(m if isinstance(m, str) else place[m] for m in state.messages),
        )

    @action(rm=lambda model: range(model.rms))
    def manager_receives(self, state: Protocol, rm: int) -> Iterator[Protocol]:
        if state.manager == "init" and rm in state.messages:
            yield state.evolve(prepared=state.prepared | {rm})

    @action
    def manager_commits(self, state: Protocol) -> Iterator[Protocol]:
        if state.manager == "init" and len(state.prepared) == self.rms:
            yield state.evolve(manager="committed", messages=state.messages | {"Commit"})

    @action
    def manager_aborts(self, state: Protocol) -> Iterator[Protocol]:
        if state.manager == "init":
            yield state.evolve(manager="aborted", messages=state.messages | {"Abort"})

    @action(rm=lambda model: range(model.rms))
    def prepare(self, state: Protocol, rm: int) -> Iterator[Protocol]:
        if state.votes[rm] == "working":
            yield state.evolve(votes=voted(state.votes, rm, "prepared"), messages=state.messages | {rm})

    @action(rm=lambda model: range(model.rms))
    def choose_to_abort(self, state: Protocol, rm: int) -> Iterator[Protocol]:
        if state.votes[rm] == "working":
            yield state.evolve(votes=voted(state.votes, rm, "aborted"))

    @action(rm=lambda model: range(model.rms))
    def learn_commit(self, state: Protocol, rm: int) -> Iterator[Protocol]:
        if "Commit" in state.messages:
            yield state.evolve(votes=voted(state.votes, rm, "committed"))

    @action(rm=lambda model: range(model.rms))
    def learn_abort(self, state: Protocol, rm: int) -> Iterator[Protocol]:
        if "Abort" in state.messages:
            yield state.evolve(votes=voted(state.votes, rm, "aborted"))

    @invariant
    def consistent(self, state: Protocol) -> bool:
        return not {"committed", "aborted"} <= set(state.votes)


class Broken(TwoPhase):
    """At most one manager is aborted: violated."""

    @invariant
    def one_at_most(self, state: Protocol) -> bool:
        return state.votes.count("aborted") < 2
