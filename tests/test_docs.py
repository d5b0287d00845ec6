"""The documentation: every public name is described, in one form, and every link leads somewhere."""

import inspect
import pkgutil
import re
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from types import ModuleType

import pytest

import treadle

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"

#: Every module that publishes names: the package, and each of its parts.
MODULES: list[ModuleType] = [
    treadle,
    *(import_module(f"treadle.{part.name}") for part in pkgutil.iter_modules(treadle.__path__) if part.ispkg),
]
PAGES = [ROOT / "README.md", *sorted(DOCS.rglob("*.md"))]


def described() -> Iterator[tuple[str, object]]:
    """Give every public name, and the public methods and properties of its class."""
    for module in MODULES:
        for name in module.__all__:
            value = getattr(module, name)
            subject = value if is_described(value) else type(value)  # an object is described by its class
            if not subject.__module__.startswith("treadle"):
                continue  # a name for a type of the standard library, such as that of a callback
            yield f"{module.__name__}.{name}", subject
            if isinstance(subject, type):
                for member, method in members(subject):
                    yield f"{module.__name__}.{name}.{member}", method


def members(subject: type) -> Iterator[tuple[str, object]]:
    """Give the public methods and properties that the package defines for a class, inherited ones included."""
    seen: set[str] = set()
    for ancestor in subject.__mro__:
        for member, value in vars(ancestor).items():
            method = value.__func__ if isinstance(value, classmethod | staticmethod) else value
            ours = ancestor.__module__.startswith("treadle") and not member.startswith("_")
            if ours and member not in seen and is_described(method):
                yield member, method
            seen.add(member)


def is_described(value: object) -> bool:
    """Say whether a docstring is wanted; a field is described beside its definition."""
    return inspect.isfunction(value) or isinstance(value, property | type)


SUBJECTS = [pytest.param(subject, id=name) for name, subject in described()]


@pytest.mark.parametrize("subject", SUBJECTS)
def test_a_public_name_is_described_in_one_line_first(subject: object) -> None:
    first = first_line(subject)
    assert re.match(r"[A-Z`]", first), "it begins with a capital letter"
    assert first.endswith("."), "it is a whole sentence in one line"


@pytest.mark.parametrize("subject", [p for p in SUBJECTS if inspect.isfunction(p.values[0])])
def test_a_function_is_described_by_an_imperative_or_a_noun(subject: object) -> None:
    """Not "Returns the …": a first word in s is a verb in the third person."""
    assert not re.match(r"\w+[^s\W]s\b", first_line(subject))


@pytest.mark.parametrize("subject", [p for p in SUBJECTS if isinstance(p.values[0], property)])
def test_the_description_of_a_property_has_no_colon(subject: object) -> None:
    """What stands before one is taken for the property's type in the reference."""
    assert ":" not in first_line(subject)


def first_line(subject: object) -> str:
    """Give the first line of the docstring: a class's own; a method's may be that of the method it overrides."""
    text = vars(subject).get("__doc__") if isinstance(subject, type) else inspect.getdoc(subject)
    return (text or "").partition("\n")[0]


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.__name__)
def test_a_module_that_publishes_names_has_a_page_of_reference(module: ModuleType) -> None:
    page = DOCS / "reference" / f"{module.__name__.removeprefix('treadle.')}.md"
    assert f"\n.. automodule:: {module.__name__}\n" in page.read_text(encoding="utf-8")
    assert f'"{module.__name__}"' in (DOCS / "conf.py").read_text(encoding="utf-8")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_the_links_of_a_page_lead_somewhere(page: Path) -> None:
    text = re.sub(r"```.*?```|`[^`\n]*`", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
    links = re.findall(r"\]\((?!https?:|mailto:)([^)#]+)", text)
    assert [link for link in links if not (page.parent / link).exists()] == []


def test_every_page_is_reached_from_the_first() -> None:
    index = (DOCS / "index.md").read_text(encoding="utf-8")
    listed = {
        name for tree in re.findall(r"```\{toctree\}\n(.*?)```", index, re.DOTALL) for name in tree.split()
    }
    pages = {page.relative_to(DOCS).with_suffix("").as_posix() for page in DOCS.rglob("*.md")}
    assert pages - {"index"} <= listed
