"""Claims about the checker: each bug planted in a copy of the channels is found, and its schedule replays."""

from proofs import scenarios
from proofs.mutants import Mutation, make
from proofs.refinement import must_die
from proofs.scenarios import Scenario, play, specification
from treadle.report import Evidence, Progress, claim

LOST_WAKE_UP = Mutation(
    "mutant_lost_wake_up",
    "operations.py",
    "in_time = _any_ready(entries) or _sleep(waiter, entries, deadline)",
    "in_time = _sleep(waiter, entries, deadline)",
)
LOST_MESSAGE = Mutation(
    "mutant_lost_message",
    "core.py",
    "            return self._take_rest()\n",
    "            raise RecvError\n",
)
ONE_TOO_MANY = Mutation(
    "mutant_one_too_many",
    "flavours/bounded.py",
    'self._free = free = self._head["index"] + self._capacity\n',
    'self._free = free = self._head["index"] + self._capacity + 1\n',
)


def _dies(mutation: Mutation, scenario: Scenario, capacity: int | None, progress: Progress) -> Evidence:
    mutant = make(mutation)
    return must_die(play(scenario, capacity, mutant), specification(capacity), mutant, progress)


@claim("planted bug found: lost wake-up (a waiter does not look again)")
def lost_wake_up(progress: Progress) -> Evidence:
    return _dies(LOST_WAKE_UP, scenarios.message_then_end, None, progress)


@claim("planted bug found: message lost at disconnection")
def lost_message(progress: Progress) -> Evidence:
    return _dies(LOST_MESSAGE, scenarios.message_then_end, None, progress)


@claim("planted bug found: capacity exceeded by one")
def one_too_many(progress: Progress) -> Evidence:
    return _dies(ONE_TOO_MANY, scenarios.fills, 1, progress)
