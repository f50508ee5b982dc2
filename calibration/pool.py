"""Evaluating one objective many times, in this process or in several."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from typing import Any

_held: Any = None

Evaluate = Callable[[Callable[[Any, Any], Any], Iterable[Any]], Iterator[Any]]
"""evaluate(function, items) yields function(held, item) in the order of the items."""


@contextmanager
def evaluating(held: Any, processes: int = 1) -> Iterator[Evaluate]:
    """A map over items for a function of ``held``, which is sent to each process once.

    The results do not depend on ``processes``. Functions must be importable (defined at the top of a module); a script that
    asks for several processes needs ``if __name__ == "__main__":``.
    """
    if processes <= 1:
        yield lambda function, items: (function(held, item) for item in items)
        return
    import multiprocessing

    before = os.environ.get("NUMBA_NUM_THREADS")
    os.environ["NUMBA_NUM_THREADS"] = "1"
    context = multiprocessing.get_context("spawn")
    pool = ProcessPoolExecutor(processes, mp_context=context, initializer=_keep, initargs=(held,))
    try:
        yield lambda function, items: pool.map(_apply, ((function, item) for item in items))
    finally:
        pool.shutdown(cancel_futures=True)
        _restore("NUMBA_NUM_THREADS", before)


def _keep(held: Any) -> None:
    global _held
    _held = held


def _apply(task: tuple[Callable[[Any, Any], Any], Any]) -> Any:
    function, item = task
    return function(_held, item)


def _restore(name: str, value: str | None) -> None:
    if value is None:
        os.environ.pop(name, None)
    else:
        os.environ[name] = value
