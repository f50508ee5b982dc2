"""A command line that cannot be read, told to programs as every other error is."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import typer
from typer.core import TyperGroup

from scenarios.cli.guard import print_json
from twin.errors import UsageError

Misread: type[typer.BadParameter] = typer.BadParameter.__bases__[0]
"""What a wrong option, value or command raises; newer versions of typer have a copy of click's class of their own."""


class Commands(TyperGroup):
    """The commands; with ``--json`` a usage error is one JSON object on stdout beside its words on stderr."""

    def make_context(self, info_name: str | None, args: list[str], *more: Any, **settings: Any) -> Any:
        asked = "--json" in args
        with _told(asked):
            context = super().make_context(info_name, args, *more, **settings)
        context.meta[__name__] = asked
        return context

    def invoke(self, ctx: Any) -> Any:
        with _told(ctx.meta[__name__]):
            return super().invoke(ctx)


@contextmanager
def _told(as_json: bool) -> Iterator[None]:
    try:
        yield
    except Misread as error:
        if as_json:
            command = getattr(getattr(error, "ctx", None), "command_path", None) or "oncotwin"
            print_json(
                UsageError(
                    error.format_message(),
                    where=command,
                    why="nothing was started",
                    remedy=f"`{command} --help` lists what can be given",
                )
            )
        raise
