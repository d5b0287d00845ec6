"""Channels against a sequential model: a list, a capacity, and who is open."""

from collections import deque
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from treadle import (
    ChannelError,
    Empty,
    Full,
    HandleClosed,
    Receiver,
    RecvError,
    RecvTimeout,
    Sender,
    SendError,
    SendTimeout,
    SyncSender,
    channel,
    sync_channel,
)

INDEX = st.integers(0, 3)


@pytest.mark.statement("S17", "S24", "S25", "S43", "P13")
class AgainstTheModel(RuleBasedStateMachine):
    """Operations that do not block, in any order, through open and closed handles."""

    capacity: int | None = None

    @initialize(capacity=st.one_of(st.none(), st.integers(1, 4)))
    def make(self, capacity: int | None) -> None:
        self.capacity = capacity
        pair = channel[Any]() if capacity is None else sync_channel[Any](capacity)
        self.senders: list[Sender[Any] | SyncSender[Any]] = [pair[0]]
        self.open: list[bool] = [True]
        self.rx: Receiver[Any] = pair[1]
        self.receiving = True
        self.queue: deque[object] = deque()

    def expected_of_send(self, index: int, when_full: type[ChannelError]) -> type[ChannelError] | None:
        if not self.open[index]:
            return HandleClosed
        if not self.receiving:
            return SendError
        return when_full if len(self.queue) == self.capacity else None

    @rule(index=INDEX, timed=st.booleans())
    def send(self, index: int, timed: bool) -> None:
        index %= len(self.senders)
        tx, message = self.senders[index], object()

        def send(message: object) -> None:
            if timed:
                tx.send_timeout(message, 0)
            else:
                tx.try_send(message)

        expected = self.expected_of_send(index, SendTimeout if timed else Full)
        if expected is None:
            send(message)
            self.queue.append(message)
            return
        with pytest.raises(expected) as failure:
            send(message)
        assert failure.value.message is message  # type: ignore[attr-defined]

    @rule(timed=st.booleans())
    def receive(self, timed: bool) -> None:
        def receive() -> object:
            return self.rx.recv_timeout(0) if timed else self.rx.try_recv()

        if self.receiving and self.queue:
            assert receive() is self.queue.popleft()
            return
        expected: type[ChannelError] = RecvTimeout if timed else Empty
        if not any(self.open):
            expected = RecvError
        if not self.receiving:
            expected = HandleClosed
        with pytest.raises(expected):
            receive()

    @rule(index=INDEX)
    def clone(self, index: int) -> None:
        index %= len(self.senders)
        if self.open[index]:
            self.senders.append(self.senders[index].clone())
            self.open.append(True)
        else:
            with pytest.raises(HandleClosed):
                self.senders[index].clone()

    @rule(index=INDEX)
    def close_sender(self, index: int) -> None:
        index %= len(self.senders)
        self.senders[index].close()
        self.open[index] = False

    @rule()
    def close_receiver(self) -> None:
        self.rx.close()
        self.receiving = False
        self.queue.clear()

    @invariant()
    def observers_agree(self) -> None:
        handles: list[Any] = [tx for tx, is_open in zip(self.senders, self.open, strict=True) if is_open]
        for tx in handles:
            assert tx.is_disconnected() is not self.receiving
        if self.receiving:
            handles.append(self.rx)
            assert self.rx.is_disconnected() is not any(self.open)
        for handle in handles:
            assert len(handle) == len(self.queue)
            assert handle.is_empty() is (not self.queue)
            assert handle.is_full() is (len(self.queue) == self.capacity)


AgainstTheModel.TestCase.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
TestAgainstTheModel = AgainstTheModel.TestCase
