"""What is there all the time is found, whatever the other threads do meanwhile."""

import threading
from typing import Any

import pytest

from tests.channels.support import Interrupt, in_every_interleaving, injections, refused
from treadle import Receiver, Sender, SharedReceiver, bounded, channel, unbounded
from treadle.channels.discarding import discard
from treadle.channels.flavours.latest import Latest


@pytest.mark.statement("S72")
@pytest.mark.parametrize("capacity", [None, 2])
def test_a_drain_of_a_channel_that_is_never_empty_gives_something(capacity: int | None) -> None:
    """The message that it looked at may go to another thread, which has sent one before."""

    def program() -> None:
        pair: tuple[Any, SharedReceiver[str]] = unbounded() if capacity is None else bounded(capacity)
        tx, rx = pair
        tx.send("first")

        def exchange() -> None:
            tx.send("second")
            refused(rx.try_recv)

        other = threading.Thread(target=exchange)
        other.start()
        assert rx.drain()
        other.join()

    in_every_interleaving(program)


@pytest.mark.statement("S54")
def test_a_weak_sender_finds_a_sender_while_there_is_one() -> None:
    """The one that it looks at may go at any step, after another was made."""
    for injection in injections(lambda: None):
        tx, rx = channel[int]()
        clones: list[Sender[int]] = []

        def replace(tx: Sender[int] = tx, clones: list[Sender[int]] = clones) -> None:
            clones.append(tx.clone())
            tx.close()

        injection._act = replace
        found = injection.run(tx.downgrade().upgrade)
        assert found is not None
        found.send(1)
        assert rx.recv() == 1


def test_what_is_put_back_at_an_address_never_takes_the_place_of_a_newer_message() -> None:
    def program() -> None:
        state = Latest[str]()
        tx, rx = Sender(state), Receiver(state)
        sending = threading.Thread(target=tx.send, args=("new",))
        sending.start()
        state.give_back(["old"])
        sending.join()
        assert rx.recv() == "new"

    in_every_interleaving(program)


@pytest.mark.statement("S59")
def test_a_discarding_that_is_cut_short_twice_does_not_stop_the_next_one() -> None:
    def cut_short() -> None:
        raise Interrupt

    with pytest.raises(Interrupt):
        discard(cut_short)
    done: list[bool] = []
    discard(lambda: done.append(True))
    assert done
