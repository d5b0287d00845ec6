"""Files are memory that threads share: what one does to them comes before or after what another does."""

import contextlib
import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.sched.programs import Body, holds, outcomes, together
from treadle.sched import check

HERE = sys.modules[__name__]


@contextlib.contextmanager
def folder() -> Iterator[Path]:
    path = Path(tempfile.mkdtemp())
    try:
        yield path
    finally:
        shutil.rmtree(path)


def by_path(file: Path) -> None:
    file.write_text(str(int(file.read_text()) + 1))


def by_open(file: Path) -> None:
    with open(file) as opened:  # noqa: PTH123 - that is what is tested
        number = int(opened.read() or 0)  # it is empty for a while
    with open(file, "w") as opened:  # noqa: PTH123
        opened.write(str(number + 1))


def by_path_open(file: Path) -> None:
    with file.open(mode="rb") as opened:
        number = int(opened.read() or 0)  # it is empty for a while
    with file.open("wb") as opened:
        opened.write(str(number + 1).encode())


def by_descriptor(file: Path) -> None:
    descriptor = os.open(file, os.O_RDWR)
    number = int(os.pread(descriptor, 9, 0))
    os.pwrite(descriptor, str(number + 1).encode(), 0)
    os.close(descriptor)


@pytest.mark.parametrize("count", [by_path, by_open, by_path_open, by_descriptor])
def test_a_number_in_a_file_is_lost(count: Callable[[Path], None]) -> None:
    def program() -> str:
        with folder() as path:
            file = path / "number"
            file.write_text("0")
            together(lambda: count(file), lambda: count(file))
            return file.read_text()

    assert outcomes(program, instrument=[HERE]) == {"1", "2"}


def asking_by_os(path: Path) -> None:
    if not os.path.exists(path):  # noqa: PTH110
        os.mkdir(path)  # noqa: PTH102


def asking_by_path(path: Path) -> None:
    if not path.is_dir():
        path.mkdir()


@pytest.mark.parametrize("make", [asking_by_os, asking_by_path])
def test_a_folder_is_made_twice(make: Callable[[Path], None]) -> None:
    def program() -> None:
        with folder() as path:
            together(lambda: make(path / "new"), lambda: make(path / "new"))

    failure = check(program, instrument=[HERE]).failure
    assert failure is not None
    assert isinstance(failure.error, FileExistsError)
    assert "mkdir files" in failure.trace
    assert failure.replays == 10


def test_readers_of_files_are_one_execution() -> None:
    def program() -> None:
        with folder() as path:
            (path / "number").write_text("0")

            def read() -> None:
                assert os.listdir(path) == ["number"]  # noqa: PTH208
                assert (path / "number").exists()
                with open(path / "number") as opened:  # noqa: PTH123
                    assert opened.read() == "0"

            together(read, read)

    assert holds(program, instrument=[HERE]).executions == 1


def paths_alone() -> None:
    def look() -> str:
        return os.path.join("a", os.path.basename("b/c")) + str(Path("d") / "e") + str(os.getpid())  # noqa: PTH118, PTH119

    together(look, look)


def temporary() -> None:
    together(*[lambda: shutil.rmtree(tempfile.mkdtemp())] * 2)


@pytest.mark.parametrize("program", [paths_alone, temporary])
def test_what_looks_at_no_file_or_is_not_instrumented_is_no_step(program: Body) -> None:
    instrument = [HERE] if program is paths_alone else []
    assert holds(program, instrument=instrument).executions == 1


def test_the_environment_is_shared() -> None:
    def program() -> str:
        os.environ["TREADLE_TESTED"] = "0"

        def count() -> None:
            os.environ["TREADLE_TESTED"] = str(int(os.environ.get("TREADLE_TESTED", "0")) + 1)

        together(count, count)
        return os.environ.pop("TREADLE_TESTED")

    assert outcomes(program, instrument=[HERE]) == {"1", "2"}
