"""The parts that an exploration of all traces is cut into, and the decisions that they share.

Whoever explores a part hands back what it found has to be explored from decisions that are fixed in it. That is
inserted there, as `Exhaustive` does it, unless a turn that was handed out covers it; a turn that is handed out is
explored whole. The turns of one decision are ordered by when they were handed out: those before sleep in each, so that
every trace belongs to the first of them that it can begin with, and is completed once.
"""

from typing import NamedTuple

from treadle.sched.strategies.exhaustive import Reversal, Sleep
from treadle.sched.strategies.subtree import Flat, Frozen, Part, flat, grown
from treadle.sched.strategies.wakeup import Branch, Sequence, insert


class Turn(NamedTuple):
    """A turn that was handed out."""

    place: "Place"
    who: str
    sleep: Sleep  #: whose turns there others explore

    def frozen(self) -> Frozen:
        """Return the decision with this turn fixed."""
        made = self.place.made
        return made._replace(sleep=self.sleep, chosen=made.numbers[self.who], branches=((0, self.who, ()),))


class Place:
    """A decision that is fixed in several parts."""

    def __init__(self, above: Turn | None, made: Frozen) -> None:
        self.above = above  #: the turn that led here
        self.made = made
        self._taken: list[str] = []  #: whose turns were handed out, in order
        self._waiting = [_GOING_ON]  #: the wake-up tree of those that are not

    def take(self, branch: Branch) -> Turn:
        """Hand out the first turn of *branch*."""
        numbers = self.made.numbers
        sleep = self.made.sleep | {who: (numbers[who], ()) for who in self._taken}
        self._taken.append(branch.who)
        return Turn(self, branch.who, sleep)

    def insert(self, reversal: Reversal) -> None:
        """Let *reversal* be explored from here."""
        sequence = Sequence(reversal.events)
        if not any(sequence.can_begin_with(who) for who in self._taken):
            insert(self._waiting, sequence, reversal.position, maximal=False)

    def hand_out(self) -> list["Share"]:
        """Hand out all that is waiting."""
        waiting = self._waiting[1:]
        del self._waiting[1:]
        return [Share(self.take(branch), (), flat(branch.branches)) for branch in waiting]


#: Stands for the branch that is being explored, which `insert` passes over.
_GOING_ON = Branch("")


class Share(NamedTuple):
    """A part, as long as it has not been explored."""

    above: Turn | None = None  #: the last of the turns that are fixed
    own: tuple[Frozen, ...] = ()
    branches: Flat = ()

    def turns(self) -> list[Turn]:
        """Return the turns that are fixed."""
        found: list[Turn] = []
        turn = self.above
        while turn is not None:
            found.append(turn)
            turn = turn.place.above
        return found[::-1]

    def part(self) -> Part:
        """Return what is to be explored."""
        return Part(tuple(turn.frozen() for turn in self.turns()), self.own, self.branches)

    def hand_back(self, reversals: list[Reversal]) -> list["Share"]:
        """Return the parts that have to be explored because of *reversals*, which were found in this one."""
        if not reversals:
            return []
        turns = self.turns()
        for reversal in reversals:
            turns[reversal.position].place.insert(reversal)
        return [share for turn in reversed(turns) for share in turn.place.hand_out()]


def split(share: Share, rest: tuple[Frozen, ...], wanted: int) -> list[Share]:
    """Cut *rest*, what is left of *share*, into some more than *wanted* parts, if there are turns enough.

    The first goes on where the exploration of *share* stopped, if anything is left below the others.
    """
    above = share.above
    made: list[Share] = []
    for position, frozen in enumerate(rest):
        place = Place(above, frozen)
        tree = grown(frozen.branches)
        if position == len(rest) - 1:
            return [*(Share(place.take(branch), (), flat(branch.branches)) for branch in tree), *made]
        above = place.take(tree[0])
        made += [Share(place.take(branch), (), flat(branch.branches)) for branch in tree[1:]]
        if len(made) >= wanted:
            return [Share(above, rest[position + 1 :]), *made]
    return made
