"""Threads of one solve: every kernel is handed a share of the spans and releases the interpreter lock.

A voxel's value does not depend on who computes it, so any number of threads gives the same bits.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import Any

import numpy as np

Spans = tuple[np.ndarray, np.ndarray]


@cache
def _pool(threads: int) -> ThreadPoolExecutor:
    return ThreadPoolExecutor(threads - 1, thread_name_prefix="oncotwin-native")


class Team:
    """Runs ``kernel(begin, end)`` on shares of the spans with about equally many voxels each."""

    def __init__(self, threads: int):
        self.threads = threads

    def shares(self, spans: Spans) -> list[Spans]:
        begin, end = spans
        if self.threads < 2 or begin.size < 2 * self.threads:
            return [spans]
        done = np.cumsum(end - begin)
        cuts = np.searchsorted(done, done[-1] * np.arange(1, self.threads) / self.threads)
        return list(zip(np.split(begin, cuts), np.split(end, cuts), strict=True))

    def each(self, kernel: Callable[[np.ndarray, np.ndarray], Any], shares: list[Spans]) -> list[Any]:
        """The kernel's answers, one a share; the caller's own thread takes the last."""
        if len(shares) == 1:
            return [kernel(*shares[0])]
        others = [_pool(self.threads).submit(kernel, *share) for share in shares[:-1]]
        own = kernel(*shares[-1])
        return [*(o.result() for o in others), own]
