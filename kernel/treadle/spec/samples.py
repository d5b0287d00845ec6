"""Small values of annotated parameters, at random but the same each time: cheap to try before anything is proved.

Rules: a sample refutes, or shows that something happens; none proves. Types that are not known here have no samples.
"""

import random
from collections.abc import Callable, Iterator, Mapping
from inspect import Parameter
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin

#: Draws one value.
Draw = Callable[[random.Random], object]

#: Small, since what differs mostly differs there.
_INTEGERS = (0, 0, 1, 1, 2, 3)
_LENGTHS = (0, 0, 1, 2, 3)


def samples(parameters: Mapping[str, Parameter], count: int) -> Iterator[dict[str, Any]]:
    """Give so many choices of the parameters' values; none if one of the types is not known."""
    source = random.Random(0)  # noqa: S311  # not for secrets
    draws = {name: _draw(parameter.annotation) for name, parameter in parameters.items()}
    known = {name: draw for name, draw in draws.items() if draw}
    if len(known) == len(draws):
        for _ in range(count):
            yield {name: draw(source) for name, draw in known.items()}


def _draw(wanted: Any) -> Draw | None:
    if wanted is bool:
        return lambda source: source.random() < 0.5
    if wanted is int:
        return lambda source: source.choice(_INTEGERS)
    if wanted is None or wanted is NoneType:
        return lambda source: None
    arguments = get_args(wanted)
    if get_origin(wanted) is Literal:
        return lambda source: source.choice(arguments)
    if get_origin(wanted) is tuple and len(arguments) == 2 and arguments[1] is ...:
        return _repeated(_draw(arguments[0]))
    parts = [draw for draw in map(_draw, arguments) if draw]
    if not parts or len(parts) < len(arguments):
        return None
    if get_origin(wanted) is tuple:
        return lambda source: tuple(draw(source) for draw in parts)
    if get_origin(wanted) in (Union, UnionType):
        return lambda source: source.choice(parts)(source)
    return None


def _repeated(draw: Draw | None) -> Draw | None:
    if draw is None:
        return None
    return lambda source: tuple(draw(source) for _ in range(source.choice(_LENGTHS)))
