"""Every error as words and an exit code; a traceback only where it was asked for."""

from __future__ import annotations

import errno
import functools
import json
import os
import shutil
import sys
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import typer

from twin.errors import OncotwinError

FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
OURS = ("twin", "solvers", "calibration", "scenarios")


class Interrupted(OncotwinError):
    """Ctrl-C: what is kept and how to go on."""

    exit_code = 130


@contextmanager
def resumable(kept: str) -> Iterator[None]:
    """Inside it, Ctrl-C tells what is ``kept`` and how to go on."""
    try:
        yield
    except KeyboardInterrupt:
        raise Interrupted(f"Interrupted; {kept}.", remedy="run the same command again and it goes on from there") from None


def guarded(command: Callable[..., None]) -> Callable[..., None]:
    """The command with its errors turned into words on stderr and the promised exit code."""

    @functools.wraps(command)
    def run(*args: Any, **options: Any) -> None:
        try:
            command(*args, **options)
        except typer.Exit:
            raise
        except BrokenPipeError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            raise typer.Exit(1) from None
        except (Exception, KeyboardInterrupt) as error:
            if options.get("debug"):
                traceback.print_exc()
            told = _in_words(error, command.__name__.rstrip("_"))
            _print(told, bool(options.get("json")))
            raise typer.Exit(told.exit_code) from None

    return run


def _in_words(error: BaseException, command: str) -> OncotwinError:
    if isinstance(error, OncotwinError):
        return error
    if isinstance(error, KeyboardInterrupt):
        return Interrupted("Interrupted.", remedy="run the same command again")
    if isinstance(error, MemoryError):
        return OncotwinError(
            f"oncotwin {command} ran out of memory.", remedy="crop or coarsen the images, or use fewer processes"
        )
    if isinstance(error, ModuleNotFoundError) and (error.name or "").split(".")[0] not in OURS:
        return OncotwinError(
            f"oncotwin {command} needs the Python package '{error.name}', which is not installed.",
            remedy="install everything with: pip install 'oncotwin[all]'",
        )
    if isinstance(error, OSError):
        return _of_the_system(error)
    return OncotwinError(
        f"oncotwin {command} stopped on an unexpected error: {type(error).__name__}: {error}",
        remedy="run the same command with --debug for the traceback, and please report it",
    )


def _of_the_system(error: OSError) -> OncotwinError:
    """A file that cannot be read or written, and above all a disk that is full."""
    if isinstance(error, shutil.Error):  # one copy of a folder: (source, copy, words) for every file that failed
        _, copy, words = error.args[0][0]
        full = any(os.strerror(code) in str(words) for code in FULL)
        what, where = (os.strerror(errno.ENOSPC) if full else str(words)), str(copy)
    else:
        full = error.errno in FULL
        what, where = error.strerror or str(error), str(error.filename or "")
    if full:
        return OncotwinError(
            f"The disk is full, or a file may not grow further ({what}).",
            where=where,
            why="what was finished before is kept",
            remedy="make room, or name another disk with --out; then run the same command again",
        )
    return OncotwinError(f"{what}.", where=where, remedy="check the path, its rights and the disk")


def _print(error: OncotwinError, as_json: bool) -> None:
    print(f"Error: {error}" if not isinstance(error, Interrupted) else str(error), file=sys.stderr, flush=True)
    if as_json:
        print_json(error)


def print_json(error: OncotwinError) -> None:
    """The error for programs, on stdout."""
    facts = {"what": error.what, "where": error.where, "why": error.why, "remedy": error.remedy}
    print(json.dumps({"error": facts, "exit_code": error.exit_code}, indent=2, ensure_ascii=False), flush=True)
