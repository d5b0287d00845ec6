"""The three answers of every checker."""

import enum


class Verdict(enum.Enum):
    """What a check can say; never a bare bool, because a spent budget is not a proof."""

    HOLDS = "holds"  #: everything within the named bounds was looked at
    VIOLATED = "violated"  #: there is a failure, and it replays
    UNKNOWN = "unknown"  #: a budget was spent or an execution was cut short; the answer says which
