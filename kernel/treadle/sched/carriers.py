"""Greenlets that carry one controlled thread after another.

To make a greenlet, start it and end it costs ten times as much as to switch to one that waits, so those whose thread
has ended are kept for the next thread, of the same check and the same operating-system thread.

A greenlet stands, for CPython's recursion limit, as deep as what first switched to it. So the ones that are kept begin
between executions, where nothing of the program is; what an execution needs beyond them is used once.
"""

from collections.abc import Callable

from greenlet import getcurrent, greenlet


class Carrier(greenlet):
    """A greenlet that runs a body, switches to its parent, and is then idle until it is given another."""

    def __init__(self, carriers: "Carriers", parent: greenlet) -> None:
        super().__init__(None, parent)
        self._carriers = carriers
        self.body: Callable[[], None] | None = None

    def run(self) -> None:
        """Run one body after the other; no error may leave them."""
        while True:
            self._carriers.idle.append(self)
            parent = self.parent
            assert parent is not None
            parent.switch()
            body, self.body = self.body, None
            assert body is not None
            body()
            del body
            self._carriers.used -= 1


class Carriers:
    """The carriers of one check."""

    def __init__(self) -> None:
        self.idle: list[Carrier] = []
        self.used = 0  #: how many threads are being carried
        self._most = 0  #: at one time

    def begin(self) -> None:
        """Prepare for an execution: have as many as were ever needed at one time."""
        self.used = 0
        while len(self.idle) < self._most:
            Carrier(self, getcurrent()).switch()

    def carry(self, body: Callable[[], None], parent: greenlet) -> greenlet:
        """Return a greenlet that will run *body* once it is switched to, and then go on with *parent*.

        It begins with an empty `contextvars` context.
        """
        self.used += 1
        if self.used > self._most:  # noqa: PLR1730 - for each thread of each execution
            self._most = self.used
        if not self.idle:
            return greenlet(lambda: self._once(body), parent)
        carrier = self.idle.pop()
        carrier.parent = parent
        carrier.gr_context = None
        carrier.body = body
        return carrier

    def _once(self, body: Callable[[], None]) -> None:
        body()
        self.used -= 1

    def release(self) -> None:
        """End those that are idle."""
        while self.idle:
            carrier = self.idle.pop()
            carrier.parent = getcurrent()
            carrier.throw()
