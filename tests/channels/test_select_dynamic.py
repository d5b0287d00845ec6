"""The reusable `Select`: operations are added, removed, and selected from again and again."""

import random
from collections import Counter

import pytest

from treadle import Receiver, RecvError, Select, SelectTimeout, bounded, never, unbounded


def filled(*messages: int) -> Receiver[int]:
    tx, rx = unbounded[int]()
    for message in messages:
        tx.send(message)
    tx.close()
    return rx


@pytest.mark.statement("S82")
def test_indices_are_counted_from_zero_and_never_given_twice() -> None:
    tx, rx = bounded[int](1)
    sel = Select[int | None]()
    assert [sel.recv(rx), sel.send(tx, 1), sel.recv(rx)] == [0, 1, 2]
    sel.remove(2)
    sel.remove(0)
    assert [sel.recv(rx), sel.send(tx, 2)] == [3, 4]
    sel.remove(1)
    assert sel.select().index == 4
    assert sel.select().index == 3


@pytest.mark.statement("S83")
def test_an_index_that_is_not_there_cannot_be_removed() -> None:
    sel = Select[int]()
    with pytest.raises(IndexError, match="index out of bounds; 0 >= 0"):
        sel.remove(0)
    sel.recv(never())
    sel.remove(0)
    for index in (0, -1):
        with pytest.raises(IndexError, match="no operation with this index"):
            sel.remove(index)
    with pytest.raises(IndexError, match="index out of bounds; 1 >= 1"):
        sel.remove(1)


@pytest.mark.statement("S83")
def test_what_is_no_handle_cannot_be_added() -> None:
    tx, rx = unbounded[int]()
    sel = Select[int]()
    with pytest.raises(TypeError, match="takes a receiver, not Sender"):
        sel.recv(tx)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="takes a sender, not SharedReceiver"):
        sel.send(rx, 1)  # type: ignore[arg-type]
    assert sel.recv(rx) == 0


@pytest.mark.statement("S105", "S85")
def test_a_select_is_used_again_and_again() -> None:
    sel = Select[int]()
    for rx in (filled(1, 2), filled(3)):
        sel.recv(rx)
    found = [sel.select(timeout=0) for _ in range(3)]
    while any(done.error for done in found):  # an ended channel is as ready as the other
        found = [done for done in found if not done.error]
        found.append(sel.select(timeout=0))
    found.extend(sel.select() for _ in range(2))
    values = [done.value for done in found if not done.error]
    assert len(values) == len(set(values))
    assert set(values) <= {1, 2, 3}


@pytest.mark.statement("S91", "S105")
def test_a_loop_removes_what_has_ended() -> None:
    sel = Select[int]()
    open_cases = {sel.recv(filled(1, 2)), sel.recv(filled(3)), sel.recv(filled())}
    values = []
    while open_cases:
        done = sel.select()
        if isinstance(done.error, RecvError):
            sel.remove(done.index)
            open_cases.remove(done.index)
        else:
            values.append(done.value)
    assert sorted(values) == [1, 2, 3]
    with pytest.raises(ValueError, match="no operations have been added"):
        sel.select()


@pytest.mark.statement("S86", "S87", "S88", "S106")
def test_an_empty_select_ends_by_its_default_or_timeout_or_not_at_all() -> None:
    sel = Select[int]()
    assert sel.select(default="none") == "none"
    with pytest.raises(SelectTimeout):
        sel.select(timeout=0)
    for timeout in (None, float("inf")):
        with pytest.raises(ValueError, match="no operations have been added"):
            sel.select(timeout=timeout)
        with pytest.raises(ValueError, match="no operations have been added"):
            sel.ready(timeout=timeout)
    with pytest.raises(SelectTimeout):
        sel.ready(timeout=0)


@pytest.mark.statement("S92", "S94")
def test_all_that_is_ready_is_chosen_evenly_whatever_was_removed() -> None:
    random.seed(7)
    sel = Select[int]()
    rx = filled(*range(20_000))
    indices = [sel.recv(rx) for _ in range(6)]
    for index in (0, 3):
        sel.remove(index)
        indices.remove(index)
    counts = Counter(sel.select().index for _ in range(10_000))
    assert set(counts) == set(indices)
    assert all(abs(count - 2_500) < 4.4 * (10_000 * 0.25 * 0.75) ** 0.5 for count in counts.values())


@pytest.mark.statement("S93")
def test_a_biased_select_goes_by_the_order_in_which_operations_were_added() -> None:
    sel = Select[int](biased=True)
    first = sel.recv(filled(1, 2))
    second = sel.recv(filled(3, 4))
    found = [sel.select() for _ in range(2)]
    assert [(done.index, done.value) for done in found] == [(first, 1), (first, 2)]
    sel.remove(first)
    last = sel.recv(filled(5))
    assert [sel.select().value for _ in range(2)] == [3, 4]
    sel.remove(second)
    assert sel.select().index == last


@pytest.mark.statement("S13")
def test_a_select_shows_none_of_its_messages() -> None:
    tx, _rx = unbounded[str]()
    sel = Select[None]()
    sel.send(tx, "secret")
    assert repr(sel) == "Select { .. }"
