"""Dask lives here: many independent tasks on this machine or on a scheduler elsewhere, the same numbers on either."""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import CancelledError
from contextlib import contextmanager
from typing import Any, TypeVar

from solvers.simulate import Failure
from twin.errors import OncotwinError, UsageError

T = TypeVar("T")

ENVIRONMENT = {
    "NUMBA_NUM_THREADS": "1",
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    # dask's own value makes glibc return every temporary array to the system: numpy then runs 4 to 5 times slower
    "MALLOC_TRIM_THRESHOLD_": str(1 << 30),
    "MALLOC_MMAP_THRESHOLD_": str(1 << 30),
}
UNPAUSED = {f"distributed.worker.memory.{limit}": False for limit in ("target", "spill", "pause")}
"""A process with much memory in use is ended at dask's last limit and started anew; paused, it would wait for ever."""

DEATHS = 3
"""How often the process of a task may die before the task counts as failed."""
CONNECT_SECONDS = 20.0


def sweep(
    task: Callable[[T], Any], arguments: Sequence[T], *, scheduler: str | None = None, processes: int = 2
) -> Iterator[tuple[T, Any]]:
    """Yield (argument, result) as tasks finish; a task that raised or whose process died is a :class:`Failure`.

    ``scheduler``: the address of a running dask scheduler, such as "tcp://host:8786". Without one: ``processes`` local
    processes of one thread each, or none at all for 0 (this process, in order: a crash in compiled code is then the end of
    it). Tasks must be idempotent. OncotwinError where the scheduler goes away.
    """
    if not arguments:
        return
    if scheduler is None and processes <= 0:
        for argument in arguments:
            yield argument, _here(task, argument)
        return
    with _client(scheduler, min(processes, len(arguments))) as client:
        try:
            yield from _in_flight(client, task, arguments)
        except (OSError, CancelledError):
            raise OncotwinError(
                f"The dask scheduler at '{scheduler}' went away.",
                why="nobody hands out the runs any more",
                remedy="start it again, or leave --scheduler out; the same command goes on from the runs that are finished",
            ) from None


def workers(scheduler: str | None, processes: int) -> int:
    """How many tasks :func:`sweep` computes at once."""
    if scheduler is None:
        return max(processes, 1)
    with _client(scheduler, processes) as client:
        return max(1, sum(client.nthreads().values()))


def _in_flight(client: Any, task: Callable[[T], Any], arguments: Sequence[T]) -> Iterator[tuple[T, Any]]:
    """Keep one task in flight for each thread there is, and no more: a process that dies takes no waiting task with it."""
    from distributed import as_completed

    waiting, flying = iter(arguments), dict[Any, T]()
    landed = as_completed()

    def refill() -> None:
        free = max(1, sum(client.nthreads().values())) - len(flying)
        for argument in itertools.islice(waiting, max(0, free)):
            future = client.submit(task, argument, pure=False, retries=0)
            flying[future] = argument
            landed.add(future)

    refill()
    while flying:
        future = next(landed)
        argument = flying.pop(future)
        outcome = _outcome(future)
        refill()
        yield argument, outcome


def _here(task: Callable[[T], Any], argument: T) -> Any:
    try:
        return task(argument)
    except Exception as error:
        return _failed(error)


def _outcome(future: Any) -> Any:
    if future.status == "finished":
        return future.result()
    if future.status in ("cancelled", "lost"):
        raise CancelledError
    return _failed(future.exception())


def _failed(error: BaseException | None) -> Failure:
    if type(error).__name__ == "KilledWorker":
        times = f"{DEATHS + 1} times" if DEATHS else "once"
        reason = f"the process that computed it died {times} (out of memory, or a crash in compiled code)"
        return Failure(reason, "use a coarser grid, or fewer processes at a time")
    what = getattr(error, "what", "") or f"{type(error).__name__}: {error}"
    return Failure(str(what), getattr(error, "remedy", "") or "run again with processes=0 to see the error where it arises")


@contextmanager
def _client(scheduler: str | None, processes: int) -> Iterator[Any]:
    import dask
    from distributed import Client, LocalCluster

    settings = {
        "distributed.nanny.pre-spawn-environ": ENVIRONMENT,
        "distributed.scheduler.allowed-failures": DEATHS,
        **UNPAUSED,
    }
    with dask.config.set(settings):
        if scheduler is not None:
            with _connected(Client, scheduler) as client:
                yield client
            return
        os.environ.setdefault("NUMBA_NUM_THREADS", "1")
        with _started(LocalCluster, processes) as cluster, Client(cluster) as client:
            yield client


def _started(kind: Any, processes: int) -> Any:
    """A cluster on this machine. A script without a guard starts itself anew in every process, which Python forbids."""
    try:
        return kind(n_workers=processes, threads_per_worker=1, dashboard_address="127.0.0.1:0", silence_logs=50)
    except RuntimeError as error:
        raise UsageError(
            f"No process could be started to compute with: {error}",
            why="each starts by reading the calling script anew, down to the call that starts processes",
            remedy='put the calls of a script below `if __name__ == "__main__":`, or give processes=0',
        ) from None


def _connected(kind: Any, scheduler: str) -> Any:
    """A client of the scheduler at that address, which has at least one process to compute with."""
    try:
        client = kind(scheduler, timeout=CONNECT_SECONDS)
    except (OSError, ValueError) as error:
        raise UsageError(
            f"No dask scheduler answers at '{scheduler}': {error}.",
            remedy="start one with `dask scheduler`, or leave --scheduler out to use this machine",
        ) from None
    try:
        client.wait_for_workers(1, timeout=CONNECT_SECONDS)
    except TimeoutError:
        client.close()
        raise UsageError(
            f"No process is connected to the dask scheduler at '{scheduler}'.",
            remedy=f"start some with `dask worker {scheduler} --nthreads 1`",
        ) from None
    return client
