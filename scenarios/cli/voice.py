"""What a command says and where: results on stdout, messages and progress on stderr, JSON when asked."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Sequence
from typing import Any

from twin.progress import Progress, default


class Voice:
    """``say`` for people, ``result`` for programs, ``note`` for what passes by, ``last`` for the line to act on."""

    def __init__(self, as_json: bool = False, quiet: bool = False):
        self.as_json, self.quiet = as_json, quiet

    @property
    def progress(self) -> Progress:
        return default(self.quiet)

    def note(self, text: str) -> None:
        if not self.quiet:
            print(text, file=sys.stderr, flush=True)

    def say(self, text: str) -> None:
        if not (self.as_json or self.quiet):
            print(text, flush=True)

    def table(self, title: str, columns: Sequence[str], rows: Iterable[Iterable[Any]]) -> None:
        """A table as wide as the terminal; in a file or a pipe nothing is cut off."""
        if self.as_json or self.quiet:
            return
        from rich.console import Console
        from rich.table import Table

        table = Table(title=title, title_justify="left", title_style="bold")
        for column in columns:
            table.add_column(column, overflow="fold")
        for row in rows:
            table.add_row(*(str(cell) for cell in row))
        Console(width=None if sys.stdout.isatty() else 180, markup=False, highlight=False).print(table)

    def result(self, value: dict[str, Any]) -> None:
        """The one JSON object of ``--json``."""
        if self.as_json:
            from twin.store import plain

            print(json.dumps(plain(value), indent=2, ensure_ascii=False, allow_nan=False), flush=True)

    def last(self, text: str) -> None:
        """The closing line, which also ``--quiet`` shows."""
        if not self.as_json:
            print(text, flush=True)
