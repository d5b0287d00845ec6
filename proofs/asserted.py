"""Claims about batches and timers: programs that assert them, in every interleaving."""

import treadle.channels
from proofs import programs
from proofs.programs import Program
from proofs.refinement import Proof, bounded_and_whole, explored
from treadle.report import Evidence, Progress, claim


def _holds(statement: str, program: Program, preemptions: int | None = None, long: bool = False) -> Proof:
    @claim(statement, long=long)
    def prove(progress: Progress) -> Evidence:
        return explored(program, (treadle.channels,), progress, preemptions)

    return prove


batches = _holds("batches: what is sent at once is received once and in order", programs.batches(None))
batches_of_one = _holds("batches: also where there is room for one at a time", programs.batches(1), 1)
contiguous = _holds("batches: two that are sent at once do not mix", programs.batches_stay_together)
drained = _holds("batches: two that drain get each message once", programs.drained_by_two)
one_alarm, one_alarm_whole = bounded_and_whole(
    _holds, "after: of two receivers one gets the message", programs.one_alarm
)
two_ticks = _holds("tick: two receivers that wait at once get different ticks", programs.two_ticks, 1)
alarm_in_select = _holds("after: a select ends when it is due, and loses nothing", programs.alarm_in_select)
