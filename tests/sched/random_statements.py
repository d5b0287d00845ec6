"""Random programs of two threads, each of one or two of Python's statements on one shared object.

They are source texts, of which modules are made, because what is tested is what instrumenting makes of each.
"""

import importlib.util
import random
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

from tests.sched.shared_state import State, everything_in

#: One statement a line: *s* is what is shared, *t* what the thread sees.
STATEMENTS = """\
s.x += 1
s.x = s.y = s.x + 1
s.x, s.y = s.y, s.x
t = s.x + s.y
s.table['a'] += 1
s.table['b'] = s.x
t = s.table.get('b', 7)
s.items[0], s.items[-1] = s.items[-1], s.items[0]
s.items.append(s.x)
t = [v + s.y for v in s.items]
t = sum(v for v in s.items)
s.items[:1] = [s.x, s.y]
del s.items[:1]
t = f'{s.x:{s.y}}'
t = (s.x if s.y else s.table)
for s.x in (3, 4): t = s.y
for i, s.x in enumerate(s.items): t = s.y
with counted(s) as s.y: t = s.x
with s as s.table['w']: t = s.y
while s.x < 2: s.x += 1
t = {**s.table, 'z': s.x}
t = [*s.items, s.x]
t = s.x < s.y < 3
t = (u := s.x) + s.y
s.inner.x += s.x
s.inner, t = SimpleNamespace(x=6), s.inner.x
t = s.get()
s.set(9)
s.through += 1
t = max(s.items, default=0)
t = sorted(s.items, key=lambda v: v * s.x)
t = len(s.items) + len(s.table)
t = 2 in s.items or 'b' in s.table
t = list(s.table.items())
s.table.update(a=s.x)
t = s.table.pop('b', s.y)
t = getattr(s, 'x') + hasattr(s, 'z')
setattr(s, 'z', 1)
del s.z
s.items.sort(key=lambda v: -v)
t = tuple(map(s.add, s.items))
t = ''.join(str(v) for v in s.items)
t = any(v > s.x for v in s.items)
t = next(s.once, None)
type(s).of_class += 1
State.of_class = s.x
t = s.of_class
t = s[0]
t = len(s)
t = 0 in s
t = s(5)
t = s == s.y
s += 2
t = bool(s) and s.y
t = not s
s.names.add(s.x)
s.names |= {s.y}
t = s.names - {1}
t = s.names == {1}
s.lists['k'].append(s.x)
t = len(s.lists['z'])
s.ordered.move_to_end('a')
s.ordered['b'] = 1; s.ordered.popitem()
s.counter['a'] += 1
s.queue.rotate(1)
s.queue.append(s.queue.popleft())
t = list(s.queue)
t = s.cached(1)
t = next(s.numbers, None)
t = list(s.numbers)
t = list(zip(s.items, s.queue))
t = [a for a in s.items for b in s.queue if a == b]
t = {k: v for k, v in s.table.items()}
t = functools.reduce(lambda a, b: a + b * s.x, s.items, 0)
heapq.heappush(s.items, s.x)
t = copy.copy(s.items)
t = operator.itemgetter(0)(s.items)
t = operator.attrgetter('inner.x')(s)
t = list(itertools.chain(s.items, [s.x]))
t = list(itertools.accumulate(s.items))
t = (lambda v=s.x: v + s.y)()
t = [s.items[i:][0] for i in range(1)]
t = s.items * 2 + [s.x]
s.items += [s.y]
s.items *= 2
t = s.items.index(1)
s.items.remove(1)
s.items.insert(0, s.x)
t = s.items.pop()
t = '%s %s' % (s.x, s.y)
t = '{0.x} {1}'.format(s, s.y)
t = vars(s)['x']
s.__dict__['x'] = 4
t = [x for x in reversed(s.items)]
a, *b = s.items; t = (a, s.x)
a, b = s.items; t = b
t = s.inner.x if s.x else s.items
t = all([s.x, s.y])
t = isinstance(s.inner, SimpleNamespace) and s.inner.x
t = dict(s.table, c=s.x)
t = s.table | {'e': s.y}
s.table |= {'e': s.y}
t = list(filter(lambda v: v > s.x, s.items))
t = min(s.items, key=lambda v: abs(v - s.x))
t = str(s.table)
t = repr(s.items)
t = tuple(s.names)
t = s.table.setdefault('f', s.x)
t = [*s.table]
t = s.x or s.y
t = s.x and s.y
total += 1
t = total
s.x = total
t = tuple(s.table.values())
t = s.items[s.x]
s.items[s.x] = s.y
del s.table['a']
s.table.clear()
t = s.items[-1:]
s.x = len(s.items)
s.items.extend(v for v in (s.x, s.y))
s.items.extend(map(s.add, (1,)))
s.items = [v for v in s.items]
s.items.reverse()
t = s.items == [2, 1]
t = s.items < [3]
t = (s.x, s.y) == (0, 1)
t = hash((s.x, s.y)) == hash((0, 1))
t = s.inner == SimpleNamespace(x=5)
s.inner = copy.copy(s.inner)
t = divmod(s.y, 2)
t = -s.x + ~s.y
s.x -= s.y
s.x //= 2
t = abs(s.x)
t = range(s.x, s.y)
t = s.table.keys() & {'a'}
t = 'a' in s.table.keys()
t = s.table.copy()
t = str((s.x, s.y))
t = s.counter.total()
t = s.counter.most_common(1)
""".splitlines()

_HEAD = """\
import copy, functools, heapq, itertools, operator
from types import SimpleNamespace
from tests.sched.shared_state import State, counted
total = 0
"""

_FUNCTION = """
def thread_{name}(s, seen):
    global total
    t = None
"""

_STEP = """\
    try:
        {statement}
    except Exception as error:
        t = type(error).__name__
    seen.append(repr(t))
"""


class RandomStatements:
    """A module of random programs."""

    def __init__(self, folder: Path, seed: int, programs: int) -> None:
        chance = random.Random(seed)
        self.statements = [
            [chance.sample(STATEMENTS, chance.choice((1, 1, 2))) for _ in range(2)] for _ in range(programs)
        ]
        source = _HEAD
        for number, threads in enumerate(self.statements):
            for index, statements in enumerate(threads):
                source += _FUNCTION.format(name=f"{number}_{index}")
                source += "".join(_STEP.format(statement=statement) for statement in statements)
        path = folder / f"random_statements_{seed}.py"
        path.write_text(source)
        self.module = _imported(path)

    def program(self, number: int, together: Callable[..., None]) -> Callable[[], str]:
        """Return the program *number*, whose threads *together* runs; it returns what they saw, and what is left."""
        module: Any = self.module
        bodies = [getattr(module, f"thread_{number}_{index}") for index in range(2)]

        def program() -> str:
            module.total = State.of_class = 0
            state, seen = State(), ([], [])  # type: tuple[State, tuple[list[str], list[str]]]
            together(lambda: bodies[0](state, seen[0]), lambda: bodies[1](state, seen[1]))
            return repr((seen, everything_in(state), module.total))

        return program


def _imported(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[path.stem] = module
    spec.loader.exec_module(module)
    return module
