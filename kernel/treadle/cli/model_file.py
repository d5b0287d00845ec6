"""A model named on the command line: its file, its class, its constants.

Rules: what is wrong with a name is said with the names that there are.
"""

import argparse
import ast
import inspect
import sys
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import Any

from treadle.spec import Model


class ModelFileError(Exception):
    """The command line names no model."""


def add_model(parser: argparse.ArgumentParser) -> None:
    """Let a command line name a model and its constants."""
    parser.add_argument(
        "model", metavar="FILE[:CLASS]", help="a Python file, and which of its models if it has several"
    )
    parser.add_argument(
        "--set",
        dest="constants",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="a constant of the model, a Python literal or else text; as often as needed",
    )


def model_of(options: argparse.Namespace) -> Model[Any]:
    """Make the model that a command line names.

    Raises:
        ModelFileError: there is no such file, class or constant; the text says what there is.
    """
    file, _, name = str(options.model).partition(":")
    return made(class_of(_load(Path(file)), name), constants_of(options.constants))


def made(cls: type[Model[Any]], constants: dict[str, object]) -> Model[Any]:
    """Make a model of its constants."""
    signature = inspect.signature(cls)
    try:
        signature.bind(**constants)
    except TypeError as error:
        raise ModelFileError(f"{cls.__name__}{signature}: {error}; use --set NAME=VALUE") from error
    return cls(**constants)


def constants_of(texts: list[str]) -> dict[str, object]:
    """Read NAME=VALUE, each value as a Python literal if it is one."""
    found: dict[str, object] = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not equals or not name.isidentifier():
            raise ModelFileError(f"--set {text}: it reads NAME=VALUE")
        try:
            found[name] = ast.literal_eval(value)
        except (ValueError, SyntaxError):
            found[name] = value
    return found


def class_of(module: ModuleType, name: str) -> type[Model[Any]]:
    """Find the model of a module by its name, or the only one."""
    models = {
        each.__name__: each
        for each in vars(module).values()
        if isinstance(each, type) and issubclass(each, Model) and each is not Model
    }
    own = [
        each
        for each in models.values()
        if each.__module__ == module.__name__ and not inspect.isabstract(each)
    ]
    if name in models:
        return models[name]
    there = ", ".join(each.__name__ for each in own) or "no model"
    if name:
        raise ModelFileError(f"{module.__file__} has no model {name}; there is {there}")
    if len(own) != 1:
        raise ModelFileError(
            f"{module.__file__} has {there}: say which, as in {Path(str(module.__file__)).name}:NAME"
        )
    return own[0]


def _load(path: Path) -> ModuleType:
    """Import a file under its name from here, with the current folder to import from."""
    if not path.is_file():
        raise ModelFileError(f"there is no file {path}")
    here = Path.cwd()
    if str(here) not in sys.path:
        sys.path.insert(0, str(here))
    inside = path.resolve().is_relative_to(here)
    name = ".".join(path.resolve().relative_to(here).with_suffix("").parts) if inside else path.stem
    if name in sys.modules and getattr(sys.modules[name], "__file__", None) == str(path.resolve()):
        return sys.modules[name]
    spec = spec_from_file_location(name, path.resolve())
    if spec is None or spec.loader is None:
        raise ModelFileError(f"{path} is no Python file")
    module = module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[name]
        raise
    return module
