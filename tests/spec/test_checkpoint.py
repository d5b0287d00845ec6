"""Checkpoints: a search that is interrupted or killed, wherever that happens, goes on to the answer it would have had."""

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

from tests.spec.two_phase import Broken, Protocol, TwoPhase
from treadle.spec import (
    Model,
    action,
    always_eventually,
    check,
    checkpoint,
    constraint,
    sometimes,
)
from treadle.spec.limits import Limits
from treadle.spec.program import program
from treadle.spec.search import Search

PLACES = (
    "search.py",
    "batches.py",
    "inspection.py",
    "checkpoint.py",
    "liveness.py",
    "<treadle: all actions>",
)


class Hopes(TwoPhase):
    @sometimes
    def commits(self, state: Protocol) -> bool:
        return "committed" in state.votes

    @sometimes
    def prepares(self, state: Protocol) -> bool:
        return "prepared" in state.votes


class Bounded(Hopes):
    @constraint
    def not_all_aborted(self, state: Protocol) -> bool:
        return state.votes.count("aborted") < 3


class Round(Model[int]):
    """Its property asks for the whole graph."""

    def init(self) -> Iterator[int]:
        yield 0

    @action(fair="weak")
    def on(self, state: int) -> Iterator[int]:
        yield (state + 1) % 200

    @always_eventually
    def begins(self, state: int) -> bool:
        return state == 0


class Interrupter:
    """Raises KeyboardInterrupt at a line of the search's own code, the n-th that is run."""

    def __init__(self, number: int) -> None:
        self.left = number

    def __enter__(self) -> None:
        sys.settrace(self._called)

    def __exit__(self, *_: object) -> None:
        sys.settrace(None)

    def _called(self, frame: FrameType, event: str, argument: Any) -> Any:
        return self._line if frame.f_code.co_filename.endswith(PLACES) else None

    def _line(self, frame: FrameType, event: str, argument: Any) -> Any:
        if event == "line":
            self.left -= 1
            if not self.left:
                sys.settrace(None)
                raise KeyboardInterrupt
        return self._line


def lines_of(run: Callable[[], object]) -> int:
    """How many lines of the search's code it runs."""
    counter = Interrupter(1_000_000_000)
    with counter:
        run()
    return 1_000_000_000 - counter.left


@pytest.mark.parametrize(
    ("model", "options"),
    [
        (Hopes(3), {}),
        (Hopes(3), {"max_states": 5_000}),
        (Hopes(3), {"compact": True}),
        (Hopes(3), {"symmetry": Hopes(2)}),
        (Bounded(3), {}),
        (Broken(3), {}),
        (Round(), {}),
    ],
    ids=str,
)
def test_an_interrupt_anywhere_loses_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, model: Model[Any], options: dict[str, Any]
) -> None:
    monkeypatch.setattr(
        "treadle.spec.search._MANY", 50
    )  # so that states are taken one by one, and many at once
    path = tmp_path / "search"
    whole = check(model, **options)
    lines = lines_of(lambda: check(model, checkpoint=path, **options))
    kept = 0
    for number in range(lines // 6, lines, lines // 6):
        with pytest.raises(KeyboardInterrupt), Interrupter(number):
            check(model, checkpoint=path, **options)
        kept += path.exists()
        assert check(model, checkpoint=path, **options) == whole
        assert not path.exists()
    assert kept > 2


def test_a_search_interrupted_again_and_again_comes_to_its_end(tmp_path: Path) -> None:
    path = tmp_path / "search"
    whole = check(Hopes(3))
    lines = lines_of(lambda: check(Hopes(3)))
    for number in range(lines // 5, 3 * lines, lines // 5):
        try:
            with Interrupter(number):
                assert check(Hopes(3), checkpoint=path) == whole
        except KeyboardInterrupt:
            assert path.exists()
    assert not path.exists()


def test_a_search_that_is_killed_goes_on_from_its_last_checkpoint(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every file that is written on the way is one that a kill may leave."""
    path = tmp_path / "search"
    left: list[bytes] = []

    def saved(search: Any, to: Path) -> None:
        save(search, to)
        left.append(to.read_bytes())

    save = checkpoint.save
    monkeypatch.setattr(checkpoint, "_EVERY", 0.0)
    monkeypatch.setattr(checkpoint, "_TIMES", 0)
    monkeypatch.setattr(checkpoint, "save", saved)
    whole = check(Hopes(3), checkpoint=path)
    monkeypatch.undo()
    assert not path.exists()
    assert whole == check(Hopes(3))
    assert len(left) > 10
    for content in left:
        path.write_bytes(content)
        assert check(Hopes(3), checkpoint=path) == whole


def test_checkpoints_are_as_rare_as_their_cost_asks_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A minute apart, or ten times what the last one took."""
    now, written = [0.0], []

    def saved(search: object, path: Path) -> None:
        written.append(now[0])
        now[0] += 20.0

    monkeypatch.setattr(checkpoint, "save", saved)
    keeper = checkpoint.Keeper[Protocol](tmp_path / "search", clock=lambda: now[0])
    search = Search(program(TwoPhase(2)), Limits())
    search.begin()
    while now[0] < 600:
        keeper(search)
        now[0] += 1.0
    assert written == [60.0, 280.0, 500.0]


def test_what_is_interrupted_before_it_began_leaves_no_file(tmp_path: Path) -> None:
    path = tmp_path / "search"

    class Early(TwoPhase):
        def init(self) -> Iterator[Protocol]:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        check(Early(3), checkpoint=path)
    assert not path.exists()
