"""The sweep: failures are values, dead processes harm no other task, addresses that do not answer are refused."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from scenarios.sweep import _started, sweep
from solvers.simulate import Failure
from twin.errors import DataRefused, UsageError

ROOT = Path(__file__).resolve().parents[2]


def task(argument: int) -> int:
    if argument == 1:
        raise DataRefused("one is not wanted", remedy="give another")
    if argument == 2:
        os.kill(os.getpid(), 9)
    if argument == 5 and os.environ.get("MALLOC_TRIM_THRESHOLD_") != str(1 << 30):
        raise MemoryError("dask's own value makes numpy 4 times slower")
    return argument * 10


def test_in_this_process_in_order():
    found = list(sweep(task, [0, 1, 3], processes=0))
    assert [a for a, _ in found] == [0, 1, 3]
    assert (found[0][1], found[2][1]) == (0, 30)
    assert found[1][1] == Failure("one is not wanted", "give another")


@pytest.mark.slow
def test_a_process_that_dies_fails_alone(monkeypatch):
    monkeypatch.syspath_prepend(ROOT)
    found = dict(sweep(task, [2], processes=1))
    assert "died 4 times" in found[2].reason, "even a single task is computed apart"
    found = dict(sweep(task, [0, 1, 2, 3, 4, 5], processes=2))
    assert {a: r for a, r in found.items() if not isinstance(r, Failure)} == {0: 0, 3: 30, 4: 40, 5: 50}
    assert found[1].reason == "one is not wanted"
    assert "died 4 times" in found[2].reason


def test_no_scheduler_at_the_address(monkeypatch):
    monkeypatch.setattr("scenarios.sweep.CONNECT_SECONDS", 0.5)
    with pytest.raises(UsageError, match=r"No dask scheduler answers at 'tcp://127\.0\.0\.1:9'"):
        list(sweep(task, [0, 1], scheduler="tcp://127.0.0.1:9"))


@pytest.mark.slow
def test_a_scheduler_elsewhere(monkeypatch):
    from distributed import LocalCluster

    monkeypatch.syspath_prepend(ROOT)
    monkeypatch.setattr("scenarios.sweep.CONNECT_SECONDS", 2.0)
    with LocalCluster(n_workers=0, threads_per_worker=1, dashboard_address="127.0.0.1:0", silence_logs=50) as cluster:
        with pytest.raises(UsageError, match="No process is connected"):
            list(sweep(task, [0, 3], scheduler=cluster.scheduler_address))
        cluster.scale(1)
        monkeypatch.setattr("scenarios.sweep.CONNECT_SECONDS", 30.0)
        assert dict(sweep(task, [0, 3, 4], scheduler=cluster.scheduler_address)) == {0: 0, 3: 30, 4: 40}


def test_a_script_without_a_guard_is_told_what_it_lacks():
    def refuses(**_):
        raise RuntimeError("Nanny failed to start.")

    with pytest.raises(UsageError, match="No process could be started") as caught:
        _started(refuses, 2)
    assert '__name__ == "__main__"' in caught.value.remedy and "processes=0" in caught.value.remedy
