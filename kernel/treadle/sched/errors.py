"""What the scheduler raises: failures of a program under test, and programs it cannot control."""


class Deadlock(Exception):
    """No thread can run and at least one that the program waits for has not ended; says who waits for what."""


class Livelock(Deadlock):
    """Threads go round loops for ever, and nobody can change what they look at; says who goes round where."""


class CheckError(Exception):
    """The check itself cannot go on; the program under test is not to blame for an assertion of its own."""


class NondeterminismError(CheckError):
    """The same choices led to another operation: the program depends on something that is not controlled."""


class UncontrolledError(CheckError):
    """The program called something real that the scheduler cannot control, or ran on without reaching it."""


class ScheduleError(CheckError, ValueError):
    """A schedule that was to be replayed does not fit the program."""


class UnknownError(CheckError):
    """A check came to no answer where one was asked for: a budget was spent, or its strategy only samples."""
