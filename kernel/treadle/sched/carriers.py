"""Greenlets that carry one controlled thread after another.

To make a greenlet, start it and end it costs ten times as much as to switch to one that waits, so those whose thread
has ended are kept for the next thread, of the same check and the same operating-system thread.

A greenlet stands, for CPython's recursion limit, as deep as what first switched to it. So the ones that are kept begin
between executions, where nothing of the program is; what an execution needs beyond them is used once.
"""

from collections.abc import Callable

from greenlet import getcurrent, greenlet

#: Runs a thread to its end, and returns who goes on then.
Body = Callable[[], greenlet]


class Carrier(greenlet):
    """A greenlet that runs a body, lets go on whom the body returned, and is then idle until it is given another."""

    def __init__(self, carriers: "Carriers", parent: greenlet) -> None:
        super().__init__(None, parent)
        self._carriers = carriers
        self.body: Body | None = None

    def run(self) -> None:
        """Run one body after the other; no error may leave them."""
        following = self.parent
        assert following is not None
        while True:
            self._carriers.idle.append(self)
            following.switch()
            body, self.body = self.body, None
            assert body is not None
            following = body()
            del body


class Carriers:
    """The carriers of one check."""

    def __init__(self) -> None:
        self.idle: list[Carrier] = []
        self._kept = 0  #: how many there are, idle or not
        self._more = 0  #: how many threads are carried by something else
        self._most = 0  #: how many were ever needed at one time

    def begin(self) -> None:
        """Prepare for an execution: have as many as were ever needed at one time."""
        self._kept, self._more = self._most, 0
        while len(self.idle) < self._kept:
            Carrier(self, getcurrent()).switch()

    def carry(self, body: Body, parent: greenlet) -> greenlet:
        """Return a greenlet that will run *body* once it is switched to, and then let go on whom that returns.

        An error that leaves it goes to *parent*. It begins with an empty `contextvars` context.
        """
        if not self.idle:
            self._more += 1
            self._most = max(self._most, self._kept + self._more)
            # Where one that ends lets it begin, it is given what that one returned.
            return greenlet(lambda *_: self._once(body), parent)
        carrier = self.idle.pop()
        carrier.parent = parent
        carrier.gr_context = None
        carrier.body = body
        return carrier

    def _once(self, body: Body) -> None:
        getcurrent().parent = body()
        self._more -= 1

    def release(self) -> None:
        """End those that are idle."""
        while self.idle:
            carrier = self.idle.pop()
            carrier.parent = getcurrent()
            carrier.throw()
