"""Random schedules of real threads, switched between any two bytecodes: what they give must have been explored.

Nothing of the checker is used here, neither its hooks nor its idea of what a step is. One thread runs at a time, the one
that has its semaphore. Which outcomes are come upon is chance; that each was explored is not.
"""

import gc
import random
import sys
import threading
from collections.abc import Callable
from types import FrameType
from typing import Any

Body = Callable[[], object]


class Schedule:
    """Switches threads at bytecodes of *files*, each with the same chance."""

    def __init__(self, files: frozenset[str], seed: str) -> None:
        self._files = files
        self._random = random.Random(seed)
        self._errors: list[BaseException] = []

    def together(self, *bodies: Body) -> None:
        """Run each of *bodies* in a thread of its own, and wait for all of them."""
        self._chance = self._random.choice((0.05, 0.15, 0.4))
        self._turns = [threading.Semaphore(0) for _ in bodies]
        self._alive = set(range(len(bodies)))
        threads = [threading.Thread(target=self._run, args=pair) for pair in enumerate(bodies)]
        collecting = gc.isenabled()
        gc.disable()  # CPython 3.12.1 crashes where a traced generator is closed by the collector
        try:
            for thread in threads:
                thread.start()
            self._let_go_on()
            for thread in threads:
                thread.join()
        finally:
            if collecting:
                gc.enable()
        if self._errors:
            raise self._errors.pop()

    def _let_go_on(self) -> None:
        if self._alive:
            self._turns[self._random.choice(sorted(self._alive))].release()

    def _run(self, index: int, body: Body) -> None:
        def at_bytecode(frame: FrameType, event: str, argument: object) -> Any:
            if event == "opcode" and self._random.random() < self._chance:
                self._let_go_on()  # who goes on may be this thread
                self._turns[index].acquire()
            return at_bytecode

        def at_call(frame: FrameType, event: str, argument: object) -> Any:
            if frame.f_code.co_filename not in self._files:
                return None
            frame.f_trace_opcodes = True
            return at_bytecode

        self._turns[index].acquire()
        before = sys.gettrace()
        sys.settrace(at_call)
        try:
            body()
        except BaseException as error:
            self._errors.append(error)
        finally:
            sys.settrace(before)
            self._alive.discard(index)
            self._let_go_on()
