"""Shared memory as scheduling points.

`rewrite` turns accesses in the source into calls of `hooks`, `swap` exchanges the code of the live functions,
`locations` names what is touched.
"""

from treadle.sched.memory.swap import Instrumentable, instrumented, modules_of

__all__ = ["Instrumentable", "instrumented", "modules_of"]
