"""Evaluating a function many times over one large object, in this process or in several."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing import AuthenticationError, connection, current_process, get_context
from typing import Any

Evaluate = Callable[[Callable[[Any, Any], Any], Iterable[Any]], Iterator[Any]]
"""evaluate(function, items) yields function(held, item) in the order of the items."""

Place = tuple[Any, int]
"""The address at which something is kept for the processes of a crew, and its number there."""

THREADS = "NUMBA_NUM_THREADS"


class Crew:
    """A few processes, started when first needed and kept for every step of a calibration; or none (``processes`` 1).

    Results do not depend on ``processes``. Functions must be importable (defined at the top of a module); a script that asks
    for several processes needs ``if __name__ == "__main__":``. Use it as a context manager.
    """

    def __init__(self, processes: int = 1):
        self.processes = processes
        self._pool: ProcessPoolExecutor | None = None
        self._counter: _Counter | None = None

    def __enter__(self) -> Crew:
        return self

    def __exit__(self, *_: object) -> None:
        if self._pool is not None:
            self._pool.shutdown(cancel_futures=True)
        if self._counter is not None:
            self._counter.close()

    def over(self, held: Any) -> Evaluate:
        """A map whose function gets ``held`` first; each process asks for it once. Nothing is written to disk."""
        if self.processes <= 1:
            return lambda function, items: (function(held, item) for item in items)
        pool, place = self._started(), self._kept(held)
        return lambda function, items: pool.map(_apply, ((place, function, item) for item in items))

    def _started(self) -> ProcessPoolExecutor:
        if self._pool is None:
            with _one_thread():
                self._pool = ProcessPoolExecutor(self.processes, mp_context=get_context("spawn"))
                list(self._pool.map(_ready, range(self.processes)))
        return self._pool

    def _kept(self, held: Any) -> Place:
        if self._counter is None:
            self._counter = _Counter()
        return self._counter.keep(held)


class _Counter:
    """Hands what is kept to the processes of this crew that ask for it, over a private connection."""

    def __init__(self) -> None:
        self._door = connection.Listener(authkey=current_process().authkey, backlog=64)
        self._kept: list[Any] = []
        self._server = threading.Thread(target=self._serve, daemon=True)
        self._server.start()

    def keep(self, held: Any) -> Place:
        """Where to ask for ``held``, and for which number."""
        known = [i for i, other in enumerate(self._kept) if other is held]
        if not known:
            self._kept.append(held)
        return self._door.address, known[0] if known else len(self._kept) - 1

    def close(self) -> None:
        _ask(self._door.address, None)
        self._server.join()
        self._door.close()

    def _serve(self) -> None:
        """Answer until asked for None; a caller who hangs up or does not belong here is left alone."""
        while True:
            try:
                with self._door.accept() as caller:
                    wanted = caller.recv()
                    if wanted is None:
                        return
                    caller.send(self._kept[wanted])
            except (AuthenticationError, EOFError, ConnectionError):
                continue


def _ask(address: Any, wanted: int | None) -> Any:
    with connection.Client(address, authkey=current_process().authkey) as counter:
        counter.send(wanted)
        return None if wanted is None else counter.recv()


_held: tuple[Place | None, Any] = (None, None)


def _apply(task: tuple[Place, Callable[[Any, Any], Any], Any]) -> Any:
    global _held
    place, function, item = task
    if _held[0] != place:
        _held = (place, _ask(*place))
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
