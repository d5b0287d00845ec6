"""The examples print what their text promises."""

from pathlib import Path

import pytest

from examples import basic_channel, multiple_producers, nonblocking_receive, send_to_address

IN_THE_README = ("first_race", "greeting")  # run in test_readme.py
Capture = pytest.CaptureFixture[str]


def test_the_basic_channel_prints_the_words_in_order_and_then_ends(capsys: Capture) -> None:
    basic_channel.main(delay=0)
    assert capsys.readouterr().out.splitlines() == [
        "Received: Hello",
        "Received: from",
        "Received: the",
        "Received: spawned",
        "Received: thread",
        "All messages received",
    ]


def test_multiple_producers_print_all_lines_each_thread_in_its_order(capsys: Capture) -> None:
    multiple_producers.main(delay=0)
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 9
    for thread_id in range(3):
        prefix = f"Thread {thread_id} says: "
        own = [line.removeprefix(prefix) for line in lines if line.startswith(prefix)]
        assert own == ["Message 0", "Message 1", "Message 2"]


def test_the_nonblocking_receive_works_until_the_message_comes(capsys: Capture) -> None:
    nonblocking_receive.main(delay=0.001, work=0.001)
    *working, received = capsys.readouterr().out.splitlines()
    assert received == "Received: Hello after delay"
    assert set(working) == {"No message yet, doing other work..."}


def test_a_message_reaches_its_address_and_a_large_one_moves(capsys: Capture) -> None:
    send_to_address.main(size=1_000_000)
    assert capsys.readouterr().out.splitlines() == [
        "message",
        "received 1,000,000 bytes",
        "the value was moved, by a send or by take(): use it where it went, or make a new Owned",
    ]


def test_every_example_is_tested() -> None:
    here = {basic_channel, multiple_producers, nonblocking_receive, send_to_address}
    tested = {Path(module.__file__ or "").stem for module in here} | set(IN_THE_README)
    examples = Path(__file__).parent.parent / "examples"
    assert tested == {file.stem for file in examples.glob("*.py")}
