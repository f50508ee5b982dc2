"""Progress on stderr with a time to go; silent when not a terminal."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Protocol


class Progress(Protocol):
    """What long functions report to. ``note`` is a few words shown beside the bar ("best fit 0.93")."""

    def begin(self, title: str, total: int) -> None: ...

    def advance(self, count: int = 1, note: str = "") -> None: ...

    def end(self) -> None: ...


class Silent:
    """Reports nothing."""

    def begin(self, title: str, total: int) -> None:
        pass

    def advance(self, count: int = 1, note: str = "") -> None:
        pass

    def end(self) -> None:
        pass


SILENT = Silent()


class Bar:
    """A rich progress bar with elapsed time and time to go."""

    def __init__(self) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn
        from rich.progress import Progress as RichProgress

        columns = (
            TextColumn("{task.description:<34}"),
            BarColumn(bar_width=30),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TextColumn("to go"),
            TimeRemainingColumn(),
            TextColumn("{task.fields[note]}"),
        )
        self._bars = RichProgress(*columns, console=Console(stderr=True))
        self._task: Any = None

    def begin(self, title: str, total: int) -> None:
        self.end()
        self._bars.start()
        self._task = self._bars.add_task(title, total=total, note="")

    def advance(self, count: int = 1, note: str = "") -> None:
        if self._task is not None:
            self._bars.update(self._task, advance=count)
            if note:
                self._bars.update(self._task, note=note)

    def end(self) -> None:
        if self._task is not None:
            self._bars.stop()
            self._task = None


@contextmanager
def stage(progress: Progress, title: str, total: int) -> Iterator[Progress]:
    """One titled bar, closed whatever happens."""
    progress.begin(title, total)
    try:
        yield progress
    finally:
        progress.end()


def default(quiet: bool = False) -> Progress:
    """A bar on a terminal, nothing otherwise."""
    return SILENT if quiet or not sys.stderr.isatty() else Bar()
