"""The three answers a check may give."""

from enum import Enum
from typing import NoReturn


class Verdict(Enum):
    """Holds (exhausted, within the stated bounds), violated (with a witness), or unknown (budget spent)."""

    HOLDS = "holds"
    VIOLATED = "violated"
    UNKNOWN = "unknown"

    def __str__(self) -> str:
        """The word by itself."""
        return self.value

    def __bool__(self) -> NoReturn:
        """Refuse to be one of two answers."""
        raise TypeError("a verdict is one of three answers: compare it with Verdict.HOLDS")
