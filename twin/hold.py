"""A file held by one process at a time."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from twin.errors import DataRefused


@contextmanager
def held(path: Path, what: str, why: str) -> Iterator[None]:
    """The file is this process's own while the block runs. DataRefused where another process holds it.

    ``what`` it is ("this journal") and ``why`` two processes would do harm, for the message. The lock ends with the process,
    however it dies. Without effect on Windows.
    """
    try:
        import fcntl
    except ImportError:
        yield
        return
    with path.open("ab") as stream:
        try:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise DataRefused(
                f"Another process is using {what}.",
                where=path.name,
                why=why,
                remedy="wait until it ends, end it, or give another folder",
            ) from None
        yield
