"""Many configurations of models checked at once, one process each.

Rules: one model is never searched by two processes: handing states over costs more than finding them.
"""

import multiprocessing
import os
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from typing import Any, TypeVar

from treadle.spec.checker import check
from treadle.spec.model import Model
from treadle.spec.result import Result

S = TypeVar("S")


def sweep(
    models: Iterable[Model[S]], *, jobs: int | None = None, **options: Any
) -> list[Result[S]]:  # those of check
    """Check several models on all cores, and return their results in the models' order.

    *options* are those of `check`; *jobs* is how many processes, one a core if not said. Models and states
    must be picklable: classes at the top of a module.

    Raises:
        ValueError: *jobs* is below 1; and whatever `check` raises.
    """
    todo = list(models)
    if jobs is not None and jobs < 1:
        raise ValueError(f"jobs is {jobs}: at least 1 process is needed")
    count = min(jobs or _cores(), len(todo))
    if count <= 1:
        return [check(model, **options) for model in todo]
    return list(_in_processes(todo, count, options))


def _in_processes(todo: list[Model[S]], count: int, options: dict[str, Any]) -> Iterator[Result[S]]:
    with ProcessPoolExecutor(count, mp_context=multiprocessing.get_context("spawn")) as pool:
        yield from [future.result() for future in [pool.submit(_checked, model, options) for model in todo]]


def _checked(model: Model[S], options: dict[str, Any]) -> Result[S]:
    return check(model, **options)


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
