"""Processes killed in a comparison, then its scheduler, then its driver: is a run lost, done twice, or another number?

    python -m tests.benchmarks.kills RESULTS [--runs 200] [--kills 20]

RESULTS is a calibrated folder (`oncotwin demo` writes one). One line a leg; ends with 1 where one differs.
"""

from __future__ import annotations

import argparse
import collections
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import psutil

MAIN = [sys.executable, "-c", "from scenarios.cli import main; main()"]
DASK = [sys.executable, "-m", "distributed.cli.dask_scheduler", "--host", "127.0.0.1", "--dashboard-address", ":0"]
WORKER = [sys.executable, "-m", "distributed.cli.dask_worker", "--nthreads", "1", "--dashboard-address", ":0"]
ARMS = """study: 1
maps: false
draws: {draws}
arms:
  - {{id: none, same_as: none}}
  - {{id: a, words: "20 Gy in 5 fractions from day {day}"}}
  - {{id: b, words: "25 Gy in 5 fractions from day {day}"}}
  - {{id: c, words: "30 Gy in 10 fractions from day {day}"}}
"""


def driver(results: Path, out: Path, study: Path, *more: str) -> subprocess.Popen[bytes]:
    words = [*MAIN, "scenarios", str(results), "--out", str(out), "--study", str(study), "--quiet", *more]
    return subprocess.Popen(words, start_new_session=True)


def finished(out: Path) -> int:
    return len(list((out / "runs").glob("*.npz"))) if (out / "runs").exists() else 0


def wait_for(out: Path, runs: int, process: subprocess.Popen[bytes]) -> None:
    while process.poll() is None and finished(out) < runs:
        time.sleep(0.05)


def kill_processes(process: subprocess.Popen[bytes], out: Path, runs: int, kills: int) -> int:
    """Kill -9 one computing process after another, spread over the comparison; how many were killed."""
    done = 0
    while process.poll() is None and done < kills:
        wait_for(out, max(1, int(0.9 * runs * done / kills)), process)
        try:
            own = psutil.Process(process.pid).children(recursive=True)
            working = [p for p in own if "spawn_main" in " ".join(p.cmdline())]
        except psutil.Error:
            working = []
        if working:
            working[done % len(working)].send_signal(signal.SIGKILL)
            done += 1
        time.sleep(0.2)
    return done


def kill_group(process: subprocess.Popen[bytes]) -> None:
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def verdict(out: Path) -> tuple[str, int, int]:
    """The result hash, the failed runs, and rows that stand twice in the table."""
    from pyarrow import parquet

    facts = json.loads((out / "scenarios.json").read_text())
    rows = parquet.read_table(out / "scenarios.parquet").select(["arm", "draw", "day", "endpoint", "organ"]).to_pylist()
    counted = collections.Counter(tuple(row.values()) for row in rows)
    return facts["result_hash"], len(facts["failed"]), sum(n - 1 for n in counted.values())


def legs(results: Path, folder: Path, runs: int, kills: int) -> bool:
    day = json.loads((results / "calibration.json").read_text())["decision_day"] + 7
    study = folder / "study.yaml"
    study.write_text(ARMS.format(draws=runs // 4, day=day))
    same = True
    driver(results, folder / "undisturbed", study, "-j", "2").wait()
    expected = verdict(folder / "undisturbed")
    print(f"undisturbed: {finished(folder / 'undisturbed')} runs, hash {expected[0]}", flush=True)
    for name, disturb in (("processes", processes), ("scheduler", scheduler), ("driver", kill_driver)):
        out = folder / name
        told = disturb(lambda *more, out=out: driver(results, out, study, *more), out, runs, kills)
        code = driver(results, out, study, "-j", "2").wait()
        found = verdict(out)
        good = code == 0 and found == expected and finished(out) == runs
        same &= good
        print(
            f"{told}; then {finished(out)} of {runs} runs, {found[1]} lost, {found[2]} doubled, same hash: {good}",
            flush=True,
        )
    return same


Start = Callable[..., subprocess.Popen[bytes]]


def processes(start: Start, out: Path, runs: int, kills: int) -> str:
    process = start("-j", "2")
    done = kill_processes(process, out, runs, kills)
    return f"{done} processes killed, exit code {process.wait()}"


def scheduler(start: Start, out: Path, runs: int, kills: int) -> str:
    address = "tcp://127.0.0.1:28786"
    served = subprocess.Popen([*DASK, "--port", "28786"], stderr=subprocess.DEVNULL)
    time.sleep(4)
    workers = subprocess.Popen([*WORKER, address, "--nworkers", "2", "--death-timeout", "5"], stderr=subprocess.DEVNULL)
    process = start("--scheduler", address)
    wait_for(out, runs // 3, process)
    served.kill()
    code = process.wait(timeout=120)
    workers.kill()
    return f"scheduler killed, exit code {code}"


def kill_driver(start: Start, out: Path, runs: int, kills: int) -> str:
    process = start("-j", "2")
    wait_for(out, runs // 3, process)
    kill_group(process)
    return f"driver killed after {finished(out)} runs"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("results", type=Path)
    parser.add_argument("--runs", type=int, default=200)
    parser.add_argument("--kills", type=int, default=20)
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        return 0 if legs(chosen.results.resolve(), Path(folder), chosen.runs, chosen.kills) else 1


if __name__ == "__main__":
    sys.exit(main())
