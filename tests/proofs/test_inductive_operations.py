"""Every operation on a channel keeps its invariants; a wrong one is refuted. CrossHair is asked about the sends alone here."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from models import channel
from proofs.inductive_operations import Operations, Used, keeps_for_nobody, operations, used
from treadle.spec import Verdict, action, prove_inductive


class LosesTheRest(Operations):
    """The broken twin whose receive loses what stood behind the first message."""

    @action(kind=("recv",))
    def recv(self, state: Used, kind: str) -> Iterator[Used]:
        for after, outcome in channel.recv(state.channel, "rx"):
            yield replace(
                state,
                channel=replace(after, buffer=()),
                received=state.received + (outcome.kind == "ok"),
            )


class LetsInOneTooMany(Operations):
    """The broken twin with the fence post."""

    @action(kind=("send",))
    def send(self, state: Used, kind: str) -> Iterator[Used]:
        full = state.channel.capacity == len(state.channel.buffer)
        if full and state.channel.receivers:
            queued = replace(state.channel, buffer=(*state.channel.buffer, state.sent))
            yield replace(state, channel=queued, sent=state.sent + 1)


def test_a_send_of_any_kind_is_confirmed_over_all_paths() -> None:
    found = prove_inductive(operations, used, actions=["send"])
    assert [(answer.name, answer.text) for answer in found.obligations] == [
        ("init", "Confirmed over all paths."),
        ("send(kind='send')", "Confirmed over all paths."),
        ("send(kind='try')", "Confirmed over all paths."),
        ("send(kind='timeout')", "Confirmed over all paths."),
    ]


@pytest.mark.parametrize(
    ("model", "name"),
    [
        (LosesTheRest(None), "recv"),
        (LetsInOneTooMany(2), "send"),
        (keeps_for_nobody(None), "close"),
    ],
    ids=lambda value: value if isinstance(value, str) else type(value).__name__,
)
def test_a_wrong_operation_is_refuted_with_a_state(model: Operations, name: str) -> None:
    found = prove_inductive(model, used, actions=[name])
    assert found.obligations[0].verdict is Verdict.HOLDS
    wrong = [answer for answer in found.obligations if answer.verdict is Verdict.VIOLATED]
    assert wrong
    assert "from (capacity=" in wrong[0].text


def test_no_channel_has_a_negative_capacity() -> None:
    with pytest.raises(ValueError, match="not negative"):
        operations(-1)
