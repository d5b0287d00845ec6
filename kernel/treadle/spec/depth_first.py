"""The search in depth: the state found last is expanded first. It needs less memory, and its counterexamples are long.

Rules: what is found and remembered is the search's; here is only the order.
"""

from typing import TypeVar

from treadle.spec.calls import Violation
from treadle.spec.search import Search

S = TypeVar("S")


def deep(search: Search[S]) -> Violation[S] | None:
    """Expand the state found last first, to the first violation, to the end, or until a limit is reached."""
    stack = [(state, 1) for state in reversed(search.level)]
    deepest, taken = 1, 0
    while stack and not search.spent:
        state, depth = stack.pop()
        deepest = max(deepest, depth)
        search.depth, search.counted = depth, len(search.parents)
        if violation := search.inspection.inspect([state]):
            return violation
        taken += 1
        if not taken & 63:
            search.spent = search.limits.spent()
        search.hasten(at_once=False)
        found: list[S] = []
        violation = None if search.spent else search.expand(state, found)
        if search.pending:
            search.depth += 1
        if violation or search.pending:
            return violation or search.pending
        stack.extend((successor, depth + 1) for successor in reversed(found))
        if search.progress and not len(search.parents) & 255:
            search.progress(search)
    search.counted = len(search.parents)
    search.depth = deepest
    search.level = [state for state, _ in stack]
    return search.inspection.inspect(search.level) if search.spent else None
