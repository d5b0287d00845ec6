"""Claims about the checker: each bug planted in a copy of the channels is found, and its schedule replays."""

from proofs import meetings, scenarios
from proofs.mutants import Mutation, make
from proofs.refinement import must_die
from proofs.scenarios import Scenario, play, specification
from treadle.report import Evidence, Progress, claim

LOST_WAKE_UP = Mutation(
    "mutant_lost_wake_up",
    "operations.py",
    "state.ready(entry) or sleep(waiter, (entry,), deadline)",
    "sleep(waiter, (entry,), deadline)",
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
    "deque(maxlen=capacity)",
    "deque(maxlen=capacity + 1)",
)
ROOM_BY_DESTROYING = Mutation(
    "mutant_room_by_destroying",
    "flavours/bounded.py",
    "deque.__init__(self.queue, (), 0)",
    "self.queue.clear()",
)
ONE_LOOK = Mutation(
    "mutant_one_look",
    "flavours/rendezvous.py",
    "    for other in line.waiting.copy():\n        if other is END:\n            return True",
    "    for other in ():\n        if other is END:\n            return True",
)
NOBODY_WITHDRAWS = Mutation(
    "mutant_nobody_withdraws",
    "flavours/rendezvous.py",
    "        elif entry.observes or other.waiter.thread >= entry.waiter.thread:\n            return True\n",
    "        elif entry.observes:\n            return True\n        elif other.waiter.thread >= entry.waiter.thread:\n            continue\n",
)
LEFT_IN_LINE = Mutation(
    "mutant_left_in_line",
    "operations.py",
    "if end is None or entry in entry.side.waiting:",
    "if False:",
)
NO_MARKS = Mutation(
    "mutant_no_marks",
    "choices.py",
    "if all(state.unchanged(mark) for state, mark in zip(states, marks, strict=True)):",
    "if True:",
)
NOT_PASSED_ON = Mutation(
    "mutant_not_passed_on",
    "choices.py",
    "if entry.side.waiting and entry.state.left(entry.side) > used:",
    "if entry.side.waiting and entry.state.spare(entry.side) > 1_000_000_000:",
)


def _dies(mutation: Mutation, scenario: Scenario, capacity: int | None, progress: Progress) -> Evidence:
    mutant = make(mutation)
    return must_die(play(scenario, capacity, mutant), specification(capacity), mutant, progress)


@claim("planted bug found: lost wake-up (a waiter does not look again)")
def lost_wake_up(progress: Progress) -> Evidence:
    return _dies(LOST_WAKE_UP, scenarios.message_then_end, None, progress)


@claim("planted bug found: message lost at disconnection")
def lost_message(progress: Progress) -> Evidence:
    return _dies(LOST_MESSAGE, scenarios.tries_at_the_end, None, progress)


@claim("planted bug found: capacity exceeded by one")
def one_too_many(progress: Progress) -> Evidence:
    return _dies(ONE_TOO_MANY, scenarios.fills, 1, progress)


@claim("planted bug found: what is destroyed at the end of the receivers makes room")
def room_by_destroying(progress: Progress) -> Evidence:
    return _dies(ROOM_BY_DESTROYING, scenarios.receiver_leaves, 1, progress)


def _breaks(
    mutation: Mutation, scenario: meetings.Scenario, capacities: meetings.Capacities, progress: Progress
) -> Evidence:
    mutant = make(mutation)
    program = meetings.play(scenario, capacities, mutant)
    return must_die(program, meetings.specification(capacities), mutant, progress)


@claim("planted bug found: a rendezvous whose waiters do not look again")
def one_look(progress: Progress) -> Evidence:
    return _breaks(ONE_LOOK, meetings.meet, {"a": 0}, progress)


@claim("planted bug found: a rendezvous in which nobody withdraws")
def nobody_withdraws(progress: Progress) -> Evidence:
    return _breaks(NOBODY_WITHDRAWS, meetings.meet, {"a": 0}, progress)


@claim("planted bug found: a select that does not leave the lines")
def left_in_line(progress: Progress) -> Evidence:
    return _breaks(LEFT_IN_LINE, meetings.select_timed, {"a": None, "b": None}, progress)


@claim("planted bug found: a select that says nothing is ready though something always was")
def no_marks(progress: Progress) -> Evidence:
    return _breaks(NO_MARKS, meetings.select_linearizable, {"a": None, "b": None}, progress)


@claim("planted bug found: a select that was woken for nothing and does not pass it on")
def not_passed_on(progress: Progress) -> Evidence:
    return _breaks(NOT_PASSED_ON, meetings.woken_select_passes_on, {"a": None, "b": None}, progress)
