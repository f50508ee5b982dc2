"""Evaluating a function many times over one large object, in this process or in several."""

from __future__ import annotations

import os
import pickle
import tempfile
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

Evaluate = Callable[[Callable[[Any, Any], Any], Iterable[Any]], Iterator[Any]]
"""evaluate(function, items) yields function(held, item) in the order of the items."""

THREADS = "NUMBA_NUM_THREADS"


class Crew:
    """A few processes, started when first needed and kept for every step of a calibration; or none (``processes`` 1).

    Results do not depend on ``processes``. Functions must be importable (defined at the top of a module); a script that asks
    for several processes needs ``if __name__ == "__main__":``. Use it as a context manager.
    """

    def __init__(self, processes: int = 1):
        self.processes = processes
        self._pool: ProcessPoolExecutor | None = None
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        self._count = 0

    def __enter__(self) -> Crew:
        return self

    def __exit__(self, *_: object) -> None:
        if self._pool is not None:
            self._pool.shutdown(cancel_futures=True)
        if self._folder is not None:
            self._folder.cleanup()

    def over(self, held: Any) -> Evaluate:
        """A map whose function gets ``held`` first; each process reads it once, from a file."""
        if self.processes <= 1:
            return lambda function, items: (function(held, item) for item in items)
        pool, path = self._started(), self._stored(held)
        return lambda function, items: pool.map(_apply, ((path, function, item) for item in items))

    def _started(self) -> ProcessPoolExecutor:
        if self._pool is None:
            import multiprocessing

            with _one_thread():
                self._pool = ProcessPoolExecutor(self.processes, mp_context=multiprocessing.get_context("spawn"))
                list(self._pool.map(_ready, range(self.processes)))
        return self._pool

    def _stored(self, held: Any) -> str:
        if self._folder is None:
            self._folder = tempfile.TemporaryDirectory(prefix="oncotwin-")
        self._count += 1
        path = Path(self._folder.name) / f"{self._count}.pickle"
        path.write_bytes(pickle.dumps(held, protocol=5))
        return str(path)


_held: tuple[str, Any] = ("", None)


def _apply(task: tuple[str, Callable[[Any, Any], Any], Any]) -> Any:
    global _held
    path, function, item = task
    if _held[0] != path:
        _held = (path, pickle.loads(Path(path).read_bytes()))
    return function(_held[1], item)


def _ready(_: int) -> int:
    return os.getpid()


@contextmanager
def _one_thread() -> Iterator[None]:
    """Processes started in the block compute on one thread each: two threads a process lose to one on a busy machine."""
    before = os.environ.get(THREADS)
    os.environ[THREADS] = "1"
    try:
        yield
    finally:
        if before is None:
            del os.environ[THREADS]
        else:
            os.environ[THREADS] = before
