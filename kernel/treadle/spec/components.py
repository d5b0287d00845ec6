"""Strongly connected components of a graph (Tarjan 1972), without recursion.

Rules: a component of one state counts, with or without an edge to itself: every state may stutter.
"""

from collections.abc import Callable, Collection, Iterable, Iterator


def components(members: Collection[int], successors: Callable[[int], Iterable[int]]) -> Iterator[list[int]]:
    """Give the components of the graph within *members*."""
    order: dict[int, int] = {}  # when a state was first met
    low: dict[int, int] = {}  # the earliest state still open that it reaches
    open_states: list[int] = []
    is_open: set[int] = set()
    for root in members:
        if root in order:
            continue
        order[root] = low[root] = len(order)
        open_states.append(root)
        is_open.add(root)
        path = [(root, iter(successors(root)))]
        while path:
            state, rest = path[-1]
            for after in rest:
                if after not in members:
                    continue
                if after not in order:
                    order[after] = low[after] = len(order)
                    open_states.append(after)
                    is_open.add(after)
                    path.append((after, iter(successors(after))))
                    break
                if after in is_open:
                    low[state] = min(low[state], order[after])
            else:
                path.pop()
                if path:
                    low[path[-1][0]] = min(low[path[-1][0]], low[state])
                if low[state] == order[state]:
                    yield _close(state, open_states, is_open)


def _close(root: int, open_states: list[int], is_open: set[int]) -> list[int]:
    found: list[int] = []
    while not found or found[-1] != root:
        found.append(open_states.pop())
    is_open.difference_update(found)
    return found
