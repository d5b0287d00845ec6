"""Published promises: what must happen in every fair behaviour, and does not without fairness."""

from tests.golden.cat import Cat, Night
from tests.golden.chandy_misra import ChandyMisra, Table
from tests.golden.coffee_can import Can, CoffeeCan
from tests.golden.consensus import Consensus
from tests.golden.ewd426 import Counters, TokenRing
from tests.golden.ewd840 import Ewd840, Ring
from tests.golden.prisoners import Prisoners, Room
from tests.golden.readers_writers import ReadersWriters
from tests.golden.readers_writers import Room as Library
from tests.golden.teaching import Ring as Simply
from tests.golden.teaching import Simple
from treadle.spec import always_eventually, eventually, eventually_always, leads_to, weak_fair


class Victory(Cat):
    @eventually
    def cat_is_found(self, night: Night) -> bool:
        return self.is_found(night)


class FairCat(Victory):
    fairness = weak_fair("move")


class NobodyStarves(ChandyMisra):
    @always_eventually(who=ChandyMisra.everyone)
    def everybody_eats(self, state: Table, who: int) -> bool:
        return not state.hungry[who]


class FairPhilosophers(NobodyStarves):
    fairness = weak_fair("loop", "think", "eat", who=0)
    for _who in range(1, 5):
        fairness &= weak_fair("loop", "think", "eat", who=_who)


class Served(ReadersWriters):
    @always_eventually(who=ReadersWriters.everyone)
    def reads(self, room: Library, who: int) -> bool:
        return who in room.readers

    @always_eventually(who=ReadersWriters.everyone)
    def writes(self, room: Library, who: int) -> bool:
        return who in room.writers

    @always_eventually(who=ReadersWriters.everyone)
    def stops(self, room: Library, who: int) -> bool:
        return who not in room.readers | room.writers


class FairReadersWriters(Served):
    fairness = weak_fair("read_or_write") & weak_fair("stop")
    for _who in range(2):
        fairness &= weak_fair("try_read", who=_who) & weak_fair("try_write", who=_who)


class Freed(Prisoners):
    @eventually
    def they_are_freed(self, room: Room) -> bool:
        return self.is_done(room)


class FairPrisoners(Freed):
    fairness = (
        weak_fair("counter_enters") & weak_fair("other_enters", who=0) & weak_fair("other_enters", who=1)
    )


class Detects(Ewd840):
    @leads_to
    def termination_is_detected(self, ring: Ring) -> tuple[bool, bool]:
        return not any(ring.active), self.is_detected(ring)


class FairEwd840(Detects):
    """The token moves; the nodes do as they like."""

    fairness = weak_fair("initiate_probe", "pass_token")


class Stabilises(TokenRing):
    @eventually_always
    def one_token(self, counters: Counters) -> bool:
        return self.tokens(counters) == 1


class FairTokenRing(Stabilises):
    fairness = weak_fair("create_token", "pass_token")


class Empties(CoffeeCan):
    @eventually
    def one_bean_is_left(self, can: Can) -> bool:
        return can.beans == 1


class FairCoffeeCan(Empties):
    fairness = weak_fair("two_black", "two_white", "one_of_each")


class Chooses(Consensus):
    @eventually
    def a_value_is_chosen(self, chosen: frozenset[str]) -> bool:
        return len(chosen) > 0


class FairConsensus(Chooses):
    fairness = weak_fair("choose")


class Ends(Simple):
    @eventually
    def all_are_done(self, ring: Simply) -> bool:
        return self.terminal(ring)


class FairSimple(Ends):
    fairness = weak_fair("a", "b")
