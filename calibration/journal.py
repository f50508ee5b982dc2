"""The search's memory on disk: Optuna's journal format, written without a disk synchronisation for every line."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from twin.errors import DataRefused
from twin.hold import held


class Journal:
    """An Optuna journal backend for one writing process: appended lines are handed to the system at once.

    A killed process loses nothing that was handed over. Optuna's own backend synchronises the disk for each of several lines
    a trial, which on a busy disk costs more than the search. The file is the same and either can read it.
    """

    def __init__(self, path: Path):
        self._path = path
        self._lines: list[dict[str, Any]] = []
        self._read()

    def _read(self) -> None:
        """What was written before; a last line that a dying process tore is taken off."""
        raw = self._path.read_bytes() if self._path.exists() else b""
        whole = raw[: raw.rfind(b"\n") + 1]
        try:
            self._lines = [json.loads(line) for line in whole.splitlines()]
        except ValueError as error:
            raise _unreadable(self._path, str(error)) from error
        if len(whole) < len(raw):
            with self._path.open("r+b") as stream:
                stream.truncate(len(whole))

    def read_logs(self, log_number_from: int) -> Iterator[dict[str, Any]]:
        return iter(self._lines[log_number_from:])

    def append_logs(self, logs: list[dict[str, Any]]) -> None:
        lines = [json.dumps(log, separators=(",", ":")) for log in logs]
        with self._path.open("ab") as stream:
            stream.write(("\n".join(lines) + "\n").encode())
        self._lines += [json.loads(line) for line in lines]


@contextmanager
def open_study(path: Path, name: str, objectives: int = 1) -> Iterator[Any]:
    """The Optuna study ``name`` in the journal ``path``, held for this process alone while the block runs. It minimises.

    Raises DataRefused where another process holds the journal or it cannot be read.
    """
    import optuna
    from optuna.storages import JournalStorage

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    path.parent.mkdir(parents=True, exist_ok=True)
    with held(path, "this journal", "two searches would mix their candidates"):
        try:
            storage = JournalStorage(Journal(path))
            directions = ["minimize"] * objectives
            study = optuna.create_study(study_name=name, storage=storage, directions=directions, load_if_exists=True)
        except (ValueError, KeyError, TypeError) as error:
            raise _unreadable(path, str(error)) from error
        yield study


def _unreadable(path: Path, reason: str) -> DataRefused:
    return DataRefused(
        f"The search journal cannot be read: {reason}.",
        where=path.name,
        why="it holds the candidates that were computed before",
        remedy="move the file away to start the search anew",
    )
