"""The examples print what their text promises."""

import re
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path

import pytest

import treadle.channels
from examples import (
    bank_actor,
    basic_channel,
    crossbeam_unbounded,
    multiple_producers,
    nonblocking_receive,
    performance,
    select_two_channels,
    send_to_address,
    sync_channel,
    worker_shutdown,
)
from treadle import channel
from treadle.sched import Verdict, check

IN_THE_README = ("first_race", "greeting", "squares")  # run in test_readme.py
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


def test_crossbeams_producers_print_all_lines_each_thread_in_its_order(capsys: Capture) -> None:
    crossbeam_unbounded.main(delay=0)
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 9
    for i in range(3):
        own = [line for line in lines if line.startswith(f"Received: Message {i}-")]
        assert own == [f"Received: Message {i}-{j}" for j in range(3)]


def test_the_consumer_selects_the_messages_as_they_come_in_every_interleaving() -> None:
    """In virtual time. At 300ms both producers send, and which is first is open; the text shows one of the two.

    The text leaves out that a channel is closed, which its program prints again and again.
    """

    def program() -> None:
        with redirect_stdout(StringIO()) as printed:
            select_two_channels.main()
        lines = printed.getvalue().splitlines()
        assert lines[:3] == [
            "From channel 1: Source 1: 0",
            "From channel 2: Source 2: 0",
            "From channel 1: Source 1: 1",
        ]
        at_300ms = ["From channel 1: Source 1: 2", "Channel 1 closed", "From channel 2: Source 2: 1"]
        assert sorted(lines[3:6]) == sorted(at_300ms)
        assert lines.index(at_300ms[0]) < lines.index(at_300ms[1])
        assert lines[6:] == ["From channel 2: Source 2: 2"]

    result = check(program, instrument=[treadle.channels], timeouts="idle", preemptions=1)
    assert result.verdict is Verdict.HOLDS, result


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


def test_the_bank_actor_prints_what_the_tutorial_shows(capsys: Capture) -> None:
    bank_actor.main()
    assert capsys.readouterr().out.splitlines() == [
        "Bank actor started",
        "Deposited 1000 to Alice. New balance: 1000",
        "Deposited 500 to Bob. New balance: 500",
        "Withdrew 200 from Alice. New balance: 800",
        "Insufficient funds in Bob. Balance: 500",
        "Balance inquiry for Alice: 800",
        "Balance inquiry for Bob: 500",
        "Alice balance: 800",
        "Bob balance: 500",
        "Bank actor shutting down",
    ]


def test_the_worker_does_its_tasks_and_shuts_down_before_the_late_task(capsys: Capture) -> None:
    worker_shutdown.main(delay=0)
    tasks = [
        f"Worker 1 {verb}: Task {number}" for number in (1, 2, 3) for verb in ("processing", "completed")
    ]
    assert capsys.readouterr().out.splitlines() == [
        "Worker 1 started",
        *tasks,
        "Worker 1 shutting down",
        "Failed to send late task: sending on a disconnected channel",
    ]


def test_the_worker_notices_that_nobody_can_send_to_it(capsys: Capture) -> None:
    tx, rx = channel[worker_shutdown.WorkerMessage]()
    tx.close()
    worker_shutdown.worker(2, rx, delay=0)
    assert capsys.readouterr().out.splitlines() == [
        "Worker 2 started",
        "Worker 2 detected sender disconnection",
    ]


def test_the_sync_channel_makes_the_producer_wait_in_every_interleaving() -> None:
    """In virtual time. The order of the two threads within one instant is open, as it is in the text.

    A buffer of two lets no third message in before the first is received; the tutorial's listing has it earlier.
    """

    def program() -> None:
        with redirect_stdout(StringIO()) as printed:
            sync_channel.main()
        lines = printed.getvalue().splitlines()
        received = [line for line in lines if line.startswith("Received")]
        assert received == [f"Received {i} at {300 * (i + 1)}ms" for i in range(5)]
        assert [line for line in lines if not line.startswith("Received")] == [
            *("Sending 0 at 0ms", "Sent 0 at 0ms", "Sending 1 at 0ms", "Sent 1 at 0ms", "Sending 2 at 0ms"),
            *(
                "Sent 2 at 300ms",
                "Sending 3 at 300ms",
                "Sent 3 at 600ms",
                "Sending 4 at 600ms",
                "Sent 4 at 900ms",
            ),
        ]
        times = [int(line.split()[-1].removesuffix("ms")) for line in lines]
        assert times == sorted(times)

    result = check(program, instrument=[treadle.channels], timeouts="idle", preemptions=1)
    assert result.verdict is Verdict.HOLDS, result


def test_the_timing_programs_count_every_message(capsys: Capture) -> None:
    performance.main(messages=2_000)
    unbounded, bounded = capsys.readouterr().out.splitlines()
    assert re.fullmatch(r"Unbounded channel: 2000 messages in \d+ms", unbounded)
    assert re.fullmatch(r"Bounded channel: 2000 messages in \d+ms", bounded)


def test_every_example_is_tested() -> None:
    here = {
        bank_actor,
        basic_channel,
        crossbeam_unbounded,
        multiple_producers,
        nonblocking_receive,
        performance,
        select_two_channels,
        send_to_address,
        sync_channel,
        worker_shutdown,
    }
    tested = {Path(module.__file__ or "").stem for module in here} | set(IN_THE_README)
    examples = Path(__file__).parent.parent / "examples"
    assert tested == {file.stem for file in examples.glob("*.py")}
