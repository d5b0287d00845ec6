"""Greenlets that carry one controlled thread after another.

To make a greenlet, start it and end it costs ten times as much as to switch to one that waits, so those whose thread
has ended are kept for the next thread, of the same check and the same operating-system thread.
"""

from collections.abc import Callable

from greenlet import getcurrent, greenlet


class Carrier(greenlet):
    """A greenlet that runs a body, switches to its parent, and is then idle until it is given another."""

    def __init__(self, idle: "list[Carrier]", parent: greenlet) -> None:
        super().__init__(None, parent)
        self._idle = idle
        self.body: Callable[[], None] | None = None

    def run(self) -> None:
        """Run one body after the other; no error may leave them."""
        while True:
            body, self.body = self.body, None
            assert body is not None
            body()
            del body
            self._idle.append(self)
            parent = self.parent
            assert parent is not None
            parent.switch()


class Carriers:
    """The carriers of one check."""

    def __init__(self) -> None:
        self._idle: list[Carrier] = []

    def carry(self, body: Callable[[], None], parent: greenlet) -> Carrier:
        """Return a carrier that will run *body* once it is switched to, and then go on with *parent*.

        It begins with an empty `contextvars` context.
        """
        if not self._idle:
            carrier = Carrier(self._idle, parent)
        else:
            carrier = self._idle.pop()
            carrier.parent = parent
            carrier.gr_context = None
        carrier.body = body
        return carrier

    def release(self) -> None:
        """End those that are idle."""
        while self._idle:
            carrier = self._idle.pop()
            carrier.parent = getcurrent()
            carrier.throw()
