"""Compiled functions whose code is kept on disk, one file for each: no run can be handed another's code.

Numba's own cache numbers its files and keeps the numbers in an index beside them. Two processes that compile at the same
time can take one number for two signatures, or for two models; a later run is then handed code made for arrays of another
type, which writes past their end. It also looks at the time stamp of one source file only, not at the other files whose
functions were compiled in. Here an entry's name is a digest of everything that decides it, and the entry repeats that in
full, so that it is checked when it is read.
"""

from __future__ import annotations

import hashlib
import inspect
import types
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import numba
from numba import njit
from numba.core.caching import FunctionCache, IndexDataCacheFile

PLAIN = (int, float, str, bool, tuple)
LIBRARIES = ("numpy", "numba", "llvmlite")


def compiled(function: Callable | None = None, **options: Any) -> Any:
    """``function`` compiled, kept on disk, free of the interpreter lock; a decorator with or without ``options`` (numba's).

    A change of anything of this project that the function reaches compiles it anew.
    """
    if function is None:
        return lambda f: compiled(f, **options)
    dispatcher = njit(nogil=True, **options)(function)
    dispatcher._cache = _Cache(function, f"{_plain(options)} {numba.config.BOUNDSCHECK}")
    return dispatcher


class _Cache(FunctionCache):
    def __init__(self, function: Callable, options: str):
        super().__init__(function)
        self._stamp = _digest(numba.__version__ + options + "".join(_parts(function, set())))
        text = _digest(_text(function.__code__.co_filename))[:8]
        self._cache_file = _Entries(self._cache_path, self._impl.filename_base, text)

    def _index_key(self, sig: Any, codegen: Any) -> str:
        return repr((sig, codegen.magic_tuple(), self._stamp))


class _Entries(IndexDataCacheFile):
    """A file for each entry; one that is broken or belongs to another key is as good as none."""

    def save(self, key: str, data: Any) -> None:
        """Entries of the same function in an older text of its file go."""
        self._save_data(self._data_name(_digest(key)), (key, data))
        for entry in self._entries("*"):
            if entry.name.split(".")[-3] != self._source_stamp:
                entry.unlink(missing_ok=True)

    def load(self, key: str) -> Any:
        try:
            kept, data = self._load_data(self._data_name(_digest(key)))
        except Exception:
            return None
        return data if kept == key else None

    def flush(self) -> None:
        for entry in self._entries("*"):
            entry.unlink(missing_ok=True)

    def _data_name(self, entry: str) -> str:
        return self._data_name_pattern.replace("{number:d}", f"{self._source_stamp}.{entry}")

    def _entries(self, which: str) -> Iterator[Path]:
        return Path(self._cache_path).glob(self._data_name_pattern.replace("{number:d}", which))


def _parts(function: Any, seen: set[Any]) -> Iterator[str]:
    """What decides the code of a function: its own, the file it stands in, and those of everything that it reaches.

    The code as well as the file, for a file may be edited after it was imported; the file as well, for it may tell numba
    how to compile what the code names.
    """
    function = inspect.unwrap(function)
    code = getattr(function, "__code__", None)
    if code is None or code in seen or function.__module__.partition(".")[0] in LIBRARIES:
        return
    seen.add(code)
    yield _text(code.co_filename)
    yield _words(code)
    for thing in _reached(function, code):
        if isinstance(thing, PLAIN):
            yield repr(thing)
        elif callable(thing):
            yield from _parts(thing, seen)


def _reached(function: Any, code: types.CodeType) -> Iterator[Any]:
    """The things of its closure, and those that its names stand for, here or in a module."""
    names = _names(code)
    things = [cell.cell_contents for cell in function.__closure__ or ()]
    things += [function.__globals__[name] for name in names if name in function.__globals__]
    for thing in things:
        yield thing
        if isinstance(thing, types.ModuleType):
            yield from (getattr(thing, name) for name in names if hasattr(thing, name))


def _words(code: types.CodeType) -> str:
    inner = [_words(c) if isinstance(c, types.CodeType) else _plain(c) for c in code.co_consts]
    return f"{code.co_code.hex()} {code.co_names} {inner}"


def _plain(thing: Any) -> str:
    """As repr, but a set reads the same in every process."""
    if isinstance(thing, dict):
        return str([(key, _plain(thing[key])) for key in sorted(thing)])
    return repr(sorted(thing, key=repr)) if isinstance(thing, set | frozenset) else repr(thing)


def _names(code: types.CodeType) -> list[str]:
    inner = [name for c in code.co_consts if isinstance(c, types.CodeType) for name in _names(c)]
    return [*code.co_names, *inner]


@cache
def _text(file: str) -> str:
    return Path(file).read_text(encoding="utf-8") if Path(file).is_file() else ""


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
