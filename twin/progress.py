"""Progress on stderr with a time to go: a bar on a terminal, a line now and then in a log."""

from __future__ import annotations

import sys
import time
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
            self._bars.remove_task(self._task)  # or the next stage would draw this one again
            self._task = None


class Lines:
    """For a log or a pipe: a line when a stage begins and ends, and at most one every ``every_s`` seconds between."""

    def __init__(self, every_s: float = 10.0):
        self.every_s = every_s
        self._title = ""

    def begin(self, title: str, total: int) -> None:
        self.end()
        self._title, self._total, self._done = title, total, 0
        self._started = self._told = time.monotonic()
        self._say(f"{title} ...")

    def advance(self, count: int = 1, note: str = "") -> None:
        if not self._title:
            return
        self._done += count
        now = time.monotonic()
        if now - self._told >= self.every_s and 0 < self._done < self._total:
            self._told, spent = now, now - self._started
            to_go = spent * (self._total - self._done) / self._done
            self._say(
                f"{self._title}: {self._done}/{self._total}, {spent:.0f} s, about {to_go:.0f} s to go  {note}".rstrip()
            )

    def end(self) -> None:
        if self._title:
            self._say(f"{self._title}: {time.monotonic() - self._started:.1f} s")
            self._title = ""

    @staticmethod
    def _say(text: str) -> None:
        print(text, file=sys.stderr, flush=True)


@contextmanager
def stage(progress: Progress, title: str, total: int) -> Iterator[Progress]:
    """One titled bar, closed whatever happens."""
    progress.begin(title, total)
    try:
        yield progress
    finally:
        progress.end()


def default(quiet: bool = False) -> Progress:
    """A bar on a terminal, lines in a log, nothing where ``quiet``."""
    if quiet:
        return SILENT
    return Bar() if sys.stderr.isatty() else Lines()
