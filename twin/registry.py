"""A registry finds every implementation in a package, so that a new thing is one new file."""

from __future__ import annotations

import difflib
import importlib
import pkgutil
from collections.abc import Callable, Iterator
from typing import Generic, TypeVar

from twin.errors import UsageError

T = TypeVar("T")


class Registry(Generic[T]):
    """Named implementations of one seam, found by importing every module of ``package`` on first use.

    ``kind`` is the word a person reads in messages ("growth model"). Modules of the package must import their heavy
    libraries inside functions, so that listing names stays quick.
    """

    def __init__(self, kind: str, package: str):
        self.kind, self.package = kind, package
        self._items: dict[str, T] = {}
        self._scanned = False

    def register(self, name: str) -> Callable[[T], T]:
        """Decorator: ``@models.register("fisher-kpp")``."""

        def add(item: T) -> T:
            if name in self._items:
                raise ValueError(f"two {self.kind}s are called '{name}'")
            self._items[name] = item
            return item

        return add

    def _scan(self) -> None:
        if not self._scanned:
            self._scanned = True
            package = importlib.import_module(self.package)
            for module in pkgutil.iter_modules(package.__path__):
                importlib.import_module(f"{self.package}.{module.name}")

    def names(self) -> list[str]:
        self._scan()
        return sorted(self._items)

    def __iter__(self) -> Iterator[tuple[str, T]]:
        return iter((name, self[name]) for name in self.names())

    def __getitem__(self, name: str) -> T:
        self._scan()
        if name not in self._items:
            raise UsageError(unknown(self.kind, name, self.names()), remedy=f"known: {', '.join(self.names())}")
        return self._items[name]


def unknown(kind: str, name: str, known: list[str]) -> str:
    """The sentence for a misspelt name, with the nearest known one."""
    near = difflib.get_close_matches(name.lower(), known, n=1, cutoff=0.5)
    hint = f" Did you mean '{near[0]}'?" if near else ""
    return f"There is no {kind} called '{name}'.{hint}"
