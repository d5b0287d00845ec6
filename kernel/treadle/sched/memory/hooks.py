"""What instrumented code calls in place of touching shared memory directly.

Each hook announces the access and then performs it. Outside a controlled thread it only performs it. A hook must
touch at least what the plain code would touch: an access that is not announced is a false pass, so whatever is not
known to read only counts as a write.
"""

import functools
import operator

from treadle.sched.memory import attributes, families, locations
from treadle.sched.memory.attributes import (
    clean_class,
    delete_attribute,
    load_attribute,
    load_of_temporary,
    read_global,
    read_variable,
    store_attribute,
    take_globals,
    write_global,
    write_variable,
)
from treadle.sched.memory.calls import call, call_method
from treadle.sched.memory.items import (
    binary,
    contains,
    delegate,
    delete_item,
    iterate,
    load_item,
    pause,
    run_text,
    show,
    store_item,
    touch,
    touch_deeply,
    touch_in_place,
    truth,
)
from treadle.sched.memory.lives import let_go
from treadle.sched.memory.locations import Locations
from treadle.sched.memory.rewrite import OPERATORS
from treadle.sched.memory.signalled import (
    going_on,
    resumed,
    signal_point,
    signalled_call,
    signalled_method,
)
from treadle.sched.memory.within import go_on
from treadle.sched.world import World

#: By name, what the texts in a rewritten tree stand for.
HOOKS: dict[str, object] = {
    hook.__name__: hook
    for hook in (
        *(
            binary,
            call,
            call_method,
            clean_class,
            contains,
            delegate,
            delete_attribute,
            delete_item,
            iterate,
            load_attribute,
            load_of_temporary,
            let_go,
        ),
        *(
            load_item,
            go_on,
            pause,
            run_text,
            read_global,
            read_variable,
            show,
            store_attribute,
            store_item,
            take_globals,
            touch,
        ),
        *(going_on, resumed, signal_point, signalled_call, signalled_method),
        *(touch_deeply, touch_in_place, truth, write_global, write_variable, slice, functools.partial),
        *(getattr(operator, name) for name in OPERATORS.values()),
    )
}


def begin(world: World, *, recording: bool) -> Locations:
    """Forget the locations of the execution before *world*."""
    attributes.forget()
    families.forget()
    return locations.begin(world, recording=recording)
