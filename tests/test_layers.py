"""The house of the design: arrows point down only, and there is no import cycle."""

import ast
import functools
import sys
from pathlib import Path

import pytest

import treadle

ROOT = Path(__file__).parent.parent
PACKAGE = Path(treadle.__file__).parent  # of the installed package, be it the wheel or the tree

#: What each part may import from the package, beside itself and the leaf `verdict`.
ALLOWED = {
    "treadle": {"channels"},  # the package's own face: the channels alone
    "channels": set(),
    "sched": set(),
    "spec": set(),
    "conform": {"sched", "spec"},
    "report": {"conform", "sched", "spec"},
    "cli": {"report", "conform", "sched", "spec"},
    "pytest_plugin": {"sched"},
    "__main__": {"cli"},
    "verdict": set(),
}


def module_name(file: Path) -> str:
    parts = list(file.relative_to(PACKAGE.parent).with_suffix("").parts)
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


@functools.cache
def modules() -> dict[str, Path]:
    return {module_name(file): file for file in sorted(PACKAGE.rglob("*.py"))}


@functools.cache
def imports(file: Path, *, at_import_time: bool = False) -> frozenset[str]:
    """Return the modules of ours that *file* imports; those that only type checkers see are left out on request."""
    tree = ast.parse(file.read_text())
    skipped: set[ast.AST] = set()
    if at_import_time:
        for node in ast.walk(tree):
            if isinstance(node, (ast.FunctionDef, ast.Lambda)) or (
                isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
            ):
                skipped.update(ast.walk(node))
    found: set[str] = set()
    for node in ast.walk(tree):
        if node in skipped:
            continue
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            for alias in node.names:
                inner = f"{node.module}.{alias.name}"
                found.add(inner if inner in modules() else node.module)
    return frozenset(found & modules().keys())


def part(name: str) -> str:
    """Return the folder, or the single file, of the package that a module belongs to."""
    pieces = name.split(".")
    return pieces[1] if len(pieces) > 1 else pieces[0]


@pytest.mark.parametrize("name", modules())
def test_a_module_imports_only_what_lies_below_it(name: str) -> None:
    own = part(name)
    reached = {part(imported) for imported in imports(modules()[name])} - {own, "verdict", "treadle"}
    assert reached <= ALLOWED[own]


def test_every_part_of_the_package_has_its_place_in_the_layers() -> None:
    assert {part(name) for name in modules()} == set(ALLOWED)


def test_there_is_no_import_cycle() -> None:
    graph = {name: imports(file, at_import_time=True) - {name} for name, file in modules().items()}
    done: set[str] = set()

    def visit(name: str, path: tuple[str, ...]) -> None:
        assert name not in path, f"import cycle: {' -> '.join([*path[path.index(name) :], name])}"
        if name not in done:
            for imported in graph[name]:
                visit(imported, (*path, name))
            done.add(name)

    for name in graph:
        visit(name, ())


@pytest.mark.parametrize("file", sorted((ROOT / "models").glob("*.py")), ids=lambda file: file.name)
def test_models_import_the_modelling_framework_only(file: Path) -> None:
    assert {part(name) for name in imports(file)} <= {"spec", "verdict", "treadle"}


@pytest.mark.parametrize("name", [name for name in modules() if part(name) in ("channels", "treadle")])
def test_the_channels_need_the_standard_library_only(name: str) -> None:
    tree = ast.parse(modules()[name].read_text())
    tops = {
        imported.split(".")[0]
        for node in ast.walk(tree)
        for imported in (
            [alias.name for alias in node.names]
            if isinstance(node, ast.Import)
            else [node.module or ""]
            if isinstance(node, ast.ImportFrom)
            else []
        )
    }

    assert tops <= sys.stdlib_module_names | {"treadle"}
