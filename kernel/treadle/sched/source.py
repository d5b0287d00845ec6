"""Places in the program's own source."""

import linecache
import sysconfig
import threading
from pathlib import Path
from types import FrameType
from typing import NamedTuple

_PACKAGE = Path(__file__).parent.parent

#: Whose lines are never the program's: the scheduler, what records histories, and the simulated primitives' users.
_HIDDEN = (str(_PACKAGE / "sched"), str(_PACKAGE / "conform"), threading.__file__, "<frozen")
_STANDARD = sysconfig.get_path("stdlib")
_INSTALLED = tuple(sysconfig.get_path(name) for name in ("purelib", "platlib"))


#: Where `threading` calls the program.
_BEGINNINGS = ("run", "_bootstrap", "_bootstrap_inner")


#: By their ids, code objects that announce what they touch.
instrumented: set[int] = set()


class Line(NamedTuple):
    """A place in the source; without a file where there is only a function of the standard library."""

    file: str
    number: int
    function: str
    text: str
    through: str = ""  #: what of the standard library was called there

    @property
    def place(self) -> str:
        """The file and the number of the line."""
        return f"{Path(self.file).name}:{self.number}"

    def __str__(self) -> str:
        return f"{self.place}: {self.text}"


def line_of(frame: FrameType | None, instrumented: frozenset[str] = frozenset()) -> Line | None:
    """Return the innermost line of the program's own; of the standard library's only where it is *instrumented*."""
    through = ""
    innermost: Line | None = None
    while frame is not None:
        code = frame.f_code
        file = code.co_filename
        if not is_ours(file):
            line = Line(
                file,
                frame.f_lineno,
                code.co_qualname,
                linecache.getline(file, frame.f_lineno).strip(),
                through,
            )
            if file in instrumented or not is_standard(file):
                return line
            innermost = innermost or line
            through = code.co_qualname
        elif file == threading.__file__ and code.co_name not in _BEGINNINGS:
            through = code.co_qualname
        frame = frame.f_back
    return innermost or (Line("", 0, "", "", through) if through else None)


def is_ours(file: str) -> bool:
    """Say whether *file* is the scheduler's own, or of `threading`, which runs on it."""
    return file.startswith(_HIDDEN)


def is_standard(file: str) -> bool:
    """Say whether *file* is the standard library's."""
    return file.startswith(_STANDARD) and not file.startswith(_INSTALLED)
