"""Claims about signals and finalizers that come on top of operations (P1 to P4), and bugs planted there that are found.

The interrupts come wherever CPython runs signal handlers, one in an execution. Excepted is what P2 excepts: the moment
when a built-in call has taken a message out, and has given it to nobody yet.
"""

from collections.abc import Callable
from importlib import import_module

import treadle.channels
from proofs.interrupted import (
    VICTIM,
    OnTop,
    accounted,
    answered,
    closes,
    receive,
    receive_batch,
    receive_beside,
    receive_from_full,
    select_that_waits,
    select_what_is_there,
    send,
    send_batch,
    sends,
)
from proofs.mutants import Mutation, make
from proofs.planted_bugs import LOST_MESSAGE
from proofs.programs import Program
from proofs.refinement import explored, program_must_fail
from treadle.report import Evidence, Progress, claim
from treadle.sched import Finalizer, Handler, Interrupt

Proof = Callable[[Progress], Evidence]

SIGNAL = Interrupt(VICTIM, at="signals")


def _interrupted(statement: str, program: Program, preemptions: int | None = 0) -> Proof:
    @claim(f"interrupted: {statement}")
    def prove(progress: Progress) -> Evidence:
        return explored(program, (treadle.channels,), progress, preemptions, faults=[SIGNAL])

    return prove


def _on_top(statement: str, capacity: int | None) -> Proof:
    @claim(statement)
    def prove(progress: Progress) -> Evidence:
        on_top = OnTop(closes)
        program = accounted(treadle.channels, capacity, on_top)
        return explored(program, (treadle.channels,), progress, faults=[Finalizer(on_top, VICTIM)])

    return prove


CHANNELS = treadle.channels
recv_unbounded = _interrupted("a receive loses no message (unbounded)", receive_beside(CHANNELS, None))
recv_bounded = _interrupted("a receive loses no message (bounded)", receive_beside(CHANNELS, 1))
recv_rendezvous = _interrupted("a receive loses no message (rendezvous)", receive(CHANNELS))
recv_full = _interrupted("a receive that makes room wakes the send", receive_from_full(CHANNELS))
send_unbounded = _interrupted("a send is done or undone (unbounded)", send(CHANNELS, None))
send_bounded = _interrupted("a send is done or undone (bounded)", send(CHANNELS, 1))
send_rendezvous = _interrupted("a send is done or undone (rendezvous)", send(CHANNELS, 0))
select_there = _interrupted("a select does a case or none", select_what_is_there(CHANNELS, None), None)
select_waiting = _interrupted(
    "a select that waits does a case or none (unbounded)", select_that_waits(CHANNELS, None)
)
select_pairing = _interrupted(
    "a select that waits does a case or none (rendezvous)", select_that_waits(CHANNELS, 0)
)
recv_batch = _interrupted("a batch puts back what it took (unbounded)", receive_batch(CHANNELS, None))
recv_batch_bounded = _interrupted("a batch puts back what it took (bounded)", receive_batch(CHANNELS, 2))
send_batch_unbounded = _interrupted("a batch is sent, or not (unbounded)", send_batch(CHANNELS, None))
send_batch_bounded = _interrupted("a batch is sent up to some message (bounded)", send_batch(CHANNELS, 1))
top_unbounded = _on_top("a finalizer sends and closes on top of operations (unbounded)", None)
top_bounded = _on_top("a finalizer sends and closes on top of operations (bounded)", 2)


@claim("a signal handler sends to the receive in which its own thread waits")
def answer(progress: Progress) -> Evidence:
    on_top = OnTop(sends)
    program = answered(CHANNELS, None, on_top)
    handler = Handler(on_top, VICTIM, at="signals")
    return explored(program, (CHANNELS,), progress, faults=[handler], deadlocks=1)


# -- planted bugs ---------------------------------------------------------------------------------------------------

KEPT = Mutation(
    "mutant_kept",
    "operations.py",
    'cast("Channel[Any]", entry.state).give_back([match.message])',
    "pass",
)
NOT_PUT_BACK = Mutation(
    "mutant_not_put_back",
    "shortcuts.py",
    "                source.returned.appendleft(message)\n",
    "                pass\n",
)
NOT_ANNOUNCED = Mutation(
    "mutant_not_announced",
    "senders.py",
    "            channel = lease.channel\n            del lease\n            channel.published()\n            raise",
    "            del lease\n            raise",
)
OBLIGATION_FORGOTTEN = Mutation(
    "mutant_obligation_forgotten",
    "operations.py",
    "        _pass_on(handle, state)\n        raise\n\n\ndef _perform(",
    "        raise\n\n\ndef _perform(",
)
STILL_IN_LINE = Mutation(
    "mutant_still_in_line",
    "operations.py",
    "        except BaseException:\n            _, match = leave(waiter, (entry,))\n",
    "        except BaseException:\n            match = None\n",
)
SELECTED_LOST = Mutation(
    "mutant_selected_lost",
    "choices.py",
    "            give_back(match, entries[index])\n",
    "            pass\n",
)
SELECT_STILL_IN_LINE = Mutation(
    "mutant_select_still_in_line",
    "choices.py",
    "    except BaseException:\n        index, match = leave(waiter, entries)\n",
    "    except BaseException:\n        index, match = EXPIRED, None\n",
)
BATCH_LOST = Mutation(
    "mutant_batch_lost",
    "receivers.py",
    "                channel.give_back(messages)\n            raise\n        return messages\n",
    "                pass\n            raise\n        return messages\n",
)
BATCH_NOT_ANNOUNCED = Mutation(
    "mutant_batch_not_announced",
    "flavours/bounded.py",
    "            self.published()\n        except BaseException:\n            self.published()\n            raise\n        entered",
    "            self.published()\n        except BaseException:\n            raise\n        entered",
)


def _found(
    statement: str, mutation: Mutation, program: Callable[..., Program], *capacity: int | None
) -> Proof:
    @claim(f"planted bug found: {statement}")
    def prove(progress: Progress) -> Evidence:
        mutant = make(mutation)
        where = (
            import_module(f"{mutant.__name__}.{mutation.file.removesuffix('.py').replace('/', '.')}"),
            mutant.waiting,
        )
        return program_must_fail(program(mutant, *capacity), where, progress, preemptions=0, faults=[SIGNAL])

    return prove


not_put_back = _found("an interrupted receive keeps its message", NOT_PUT_BACK, receive_from_full)
match_kept = _found("an interrupted receive keeps the message it was paired with", KEPT, receive)
not_announced = _found("an interrupted send wakes nobody", NOT_ANNOUNCED, send, None)
obligation = _found(
    "an interrupted receive that was woken wakes no other", OBLIGATION_FORGOTTEN, receive_beside, None
)
still_in_line = _found("an interrupted send stays in line", STILL_IN_LINE, send, 0)
selected_lost = _found("an interrupted select keeps its message", SELECTED_LOST, select_that_waits, 0)
select_in_line = _found("an interrupted select stays in line", SELECT_STILL_IN_LINE, select_that_waits, None)
batch_lost = _found("an interrupted batch keeps its messages", BATCH_LOST, receive_batch, None)
batch_not_announced = _found("an interrupted batch wakes nobody", BATCH_NOT_ANNOUNCED, send_batch, 1)


@claim("planted bug found: a message lost at a disconnection in a finalizer")
def lost_on_top(progress: Progress) -> Evidence:
    mutant, on_top = make(LOST_MESSAGE), OnTop(closes)
    program = accounted(mutant, None, on_top)
    return program_must_fail(
        program, (mutant.core, mutant.waiting), progress, faults=[Finalizer(on_top, VICTIM)]
    )
