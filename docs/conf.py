"""The site: Sphinx over the pages of this folder and the docstrings of the package.

The reference names no public name: `automodule` takes them from each module's `__all__`. The page of the contract
has the prose; the tests of each statement are added here, as it is read.
"""

import re
import sys
from abc import ABC
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Generic, Protocol

sys.path.insert(0, str(Path(__file__).parent.parent))

from tests.statements import CONTRACT, marked_by_statement, with_tests

project = "treadle"
html_title = "treadle"
html_theme = "furo"
extensions = ["sphinx.ext.autodoc", "sphinx.ext.napoleon", "myst_parser"]
default_role = "code"  # docstrings quote code with single backticks
myst_heading_anchors = 3
napoleon_numpy_docstring = False
autodoc_preserve_defaults = True
autodoc_member_order = "groupwise"
autodoc_default_options = {
    "members": True,
    # What our own bases define belongs to the reference; what those of the standard library define does not.
    "inherited-members": "BaseException,Exception,OSError,tuple,list,Enum,Generic,Protocol,Iterator",
    "show-inheritance": True,
    "exclude-members": "__init__,__new__",
}

#: What has a page of reference. A name that several publish is described with the first.
MODULES = (
    "treadle",
    "treadle.channels",
    "treadle.sched",
    "treadle.sched.strategies",
    "treadle.spec",
    "treadle.conform",
    "treadle.report",
    "treadle.cli",
)
PUBLIC = {getattr(module, name) for module in map(import_module, MODULES) for name in module.__all__}


class Application(Protocol):
    """What is used of Sphinx."""

    def connect(self, event: str, callback: Callable[..., object], /) -> int: ...


def setup(app: Application) -> dict[str, bool]:
    app.connect("source-read", complete)
    app.connect("autodoc-process-bases", name_bases)
    app.connect("autodoc-process-signature", hide_constructor)
    return {"parallel_read_safe": True}


def complete(app: Application, page: str, source: list[str]) -> None:
    """Add to a page what is not written by hand."""
    if page == CONTRACT.stem:
        source[0] = with_tests(source[0], marked_by_statement())
    elif page.startswith("reference/"):
        source[0] = re.sub(r"^\.\. automodule:: (\S+)$", without_repetition, source[0], flags=re.MULTILINE)


def without_repetition(directive: re.Match[str]) -> str:
    """Leave out of a module's reference what another's has, and say where it is."""
    module = import_module(directive[1])
    earlier = [import_module(name) for name in MODULES[: MODULES.index(directive[1])]]
    elsewhere: dict[str, list[str]] = {}
    for name in module.__all__:
        homes = [home for home in earlier if getattr(home, name, None) is getattr(module, name)]
        if homes:
            elsewhere.setdefault(homes[0].__name__, []).append(name)
    excluded = ",".join(name for names in elsewhere.values() for name in names)
    notes = (f"\n\nAs in `{home}`: {', '.join(names)}." for home, names in elsewhere.items())
    return directive[0] + (f"\n   :exclude-members: +{excluded}" if excluded else "") + "".join(notes)


def name_bases(app: Application, name: str, subject: type, options: object, bases: list[type | str]) -> None:
    """Show the ancestors that a program can name."""
    bases[:] = dict.fromkeys(known for base in subject.__bases__ for known in nameable(base)) or [object]


def nameable(base: type) -> list[type | str]:
    """Give the class if a program can name it, otherwise what it descends from."""
    if base in PUBLIC or base.__module__ == "builtins":
        return [] if base is object else [base]
    if base.__module__.startswith("treadle"):
        return [known for above in base.__bases__ for known in nameable(above)]
    if base in {Generic, ABC}:
        return []
    return [f":class:`{base.__module__.lstrip('_')}.{base.__name__}`"]  # Full is a queue.Full


def hide_constructor(
    app: Application, kind: str, name: str, subject: object, options: object, signature: str, returned: str
) -> tuple[str, str] | None:
    """Leave out how a handle is made, or a result: programs do not do that, and the parameters have no names."""
    return ("", "") if kind == "class" and (signature or "").endswith("/)") else None
