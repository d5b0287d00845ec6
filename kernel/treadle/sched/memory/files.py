"""Calls that touch files. All files are one location: any path may lead to any of them.

What they leave behind is the program's own: an execution finds what the one before has left.
"""

import io
import os
import types
from typing import Any

from treadle.sched.access import READ, WRITE, Mode
from treadle.sched.memory import locations as memory
from treadle.sched.memory.announcing import perform_all
from treadle.sched.world import ControlledThread

_OPEN: Any = open
_OS_OPEN: Any = os.open

#: Classes of open files, with what their methods do.
_OPENED = frozenset((io.FileIO, io.BufferedReader, io.BufferedWriter, io.BufferedRandom, io.TextIOWrapper))

#: Modules of functions that do files, with whole packages of them; in some each function does.
_MODULES = frozenset(("os", "posix", "nt", "genericpath", "posixpath", "ntpath", "pathlib", "glob"))
_ALWAYS = frozenset(("shutil", "tempfile"))

_READING = frozenset(
    (
        *(
            "access",
            "exists",
            "fstat",
            "getatime",
            "getctime",
            "getmtime",
            "getsize",
            "glob",
            "group",
            "iglob",
        ),
        *("is_block_device", "is_char_device", "is_dir", "is_fifo", "is_file", "is_junction", "is_mount"),
        *("is_socket", "is_symlink", "isdir", "isfile", "islink", "ismount", "iterdir", "lexists", "listdir"),
        *(
            "lstat",
            "owner",
            "read",
            "read_bytes",
            "read_text",
            "readall",
            "readinto",
            "readline",
            "readlines",
        ),
        *(
            "readlink",
            "realpath",
            "resolve",
            "rglob",
            "samefile",
            "scandir",
            "stat",
            "statvfs",
            "walk",
            "fwalk",
        ),
    )
)
_WRITING = frozenset(
    (
        *(
            "chmod",
            "chown",
            "close",
            "flush",
            "ftruncate",
            "hardlink_to",
            "lchmod",
            "lchown",
            "link",
            "makedirs",
        ),
        *(
            "mkdir",
            "mkfifo",
            "mknod",
            "remove",
            "removedirs",
            "rename",
            "renames",
            "replace",
            "rmdir",
            "symlink",
        ),
        *("symlink_to", "touch", "truncate", "unlink", "utime", "write", "write_bytes", "write_text"),
        *("writelines", "pwrite", "copy_file_range", "sendfile"),
    )
)


def announce_files(
    thread: ControlledThread, function: Any, arguments: tuple[Any, ...], keywords: dict[str, Any]
) -> None:
    """Announce what calling *function* touches of files, if it touches any."""
    mode = _mode(function, arguments, keywords)
    if mode is not None:
        perform_all(thread, function.__name__, ((memory.present.named("files"), mode),))


def _mode(function: Any, arguments: tuple[Any, ...], keywords: dict[str, Any]) -> Mode | None:
    if function is _OPEN:
        return _to_open(arguments[1:], keywords)
    plain = function.__func__ if type(function) is types.MethodType else function
    if type(plain) is types.FunctionType:
        module = (plain.__module__ or "").partition(".")[0]
        if module in _ALWAYS:
            return WRITE
        if module == "pathlib" and plain.__name__ == "open":
            return _to_open(arguments, keywords)
        return _by_name(plain.__name__) if module in _MODULES else None
    if type(plain) is types.BuiltinFunctionType:
        owner = plain.__self__
        if type(owner) in _OPENED or (type(owner) is types.ModuleType and owner.__name__ in _MODULES):
            return WRITE if plain is _OS_OPEN else _by_name(plain.__name__)
    return None


def _to_open(arguments: tuple[Any, ...], keywords: dict[str, Any]) -> Mode:
    how = arguments[0] if arguments else keywords.get("mode", "r")
    return READ if isinstance(how, str) and not set(how) & set("wax+") else WRITE


def _by_name(name: str) -> Mode | None:
    if name in _READING:
        return READ
    return WRITE if name in _WRITING else None
