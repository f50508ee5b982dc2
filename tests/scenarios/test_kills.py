"""Processes that die while they compute: what is lost, what is done twice, and whether a number changes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from scenarios.compare import run_scenarios
from scenarios.study import load_study
from tests.benchmarks.kills import finished, kill_group, kill_processes, verdict, wait_for

ROOT = Path(__file__).resolve().parents[2]
STUDY = """study: 1
horizon_day: 50
scan_days: [50]
maps: false
draws: {draws}
arms:
  - {{id: none, same_as: none}}
  - {{id: crashes, words: 10 Gy in 5 fractions from day 43}}
  - {{id: asks, words: 11 Gy in 5 fractions from day 43}}
"""
HOARDS = "  - {id: hoards, words: 12 Gy in 5 fractions from day 43}\n"


def command(results: Path, out: Path, study: Path, hurt: str, processes: int) -> subprocess.Popen:
    """``oncotwin scenarios`` with runs that are slow or do harm, in a group of processes of its own."""
    words = ["scenarios", str(results), "--out", str(out), "--study", str(study), "-j", str(processes), "--json"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "HURT": hurt, "DEATHS": "0" if hurt == "badly" else "3"}
    return subprocess.Popen(
        [sys.executable, "-m", "tests.scenarios.hurt", *words],
        env=environment,
        cwd=ROOT,
        start_new_session=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def undisturbed(twin, study: Path, out: Path) -> tuple[str, int, int]:
    run_scenarios(twin, out, arms=load_study(study), processes=0)
    return verdict(out)


def test_two_processes_and_then_the_driver_are_killed_and_nothing_is_lost_or_done_twice(stored, tmp_path):
    twin, results = stored
    study, out = tmp_path / "study.yaml", tmp_path / "out"
    study.write_text(STUDY.format(draws=4))
    driver = command(results, out, study, "slowly", processes=2)
    assert kill_processes(driver, out, runs=8, kills=2) == 2
    wait_for(out, 8, driver)
    assert driver.poll() is None, "it goes on although processes were killed"
    kill_group(driver)
    driver.communicate()
    kept = {path: path.stat().st_mtime_ns for path in (out / "runs").glob("*.npz")}
    assert 8 <= len(kept) < 12
    run_scenarios(twin, out, arms=load_study(study), processes=0)
    assert finished(out) == 12 and all(path.stat().st_mtime_ns == then for path, then in kept.items())
    assert verdict(out) == undisturbed(twin, study, tmp_path / "undisturbed")
    assert verdict(out)[1:] == (0, 0)


@pytest.mark.slow
def test_a_run_that_crashes_or_exhausts_memory_fails_alone_and_is_named_with_advice(stored, tmp_path):
    twin, results = stored
    study, out = tmp_path / "study.yaml", tmp_path / "out"
    study.write_text(STUDY.format(draws=2) + HOARDS)
    driver = command(results, out, study, "badly", processes=1)
    said, told = driver.communicate(timeout=120)
    assert driver.returncode == 4, told
    failed = json.loads(said)["failed"]
    assert [(f["arm"], f["draw"]) for f in failed] == [("asks", 1), ("crashes", 1), ("hoards", 1)]
    assert "Unable to allocate 1.00 GiB" in failed[0]["reason"] and "coarser grid" in failed[0]["advice"]
    for f in failed[1:]:
        assert "the process that computed it died once (out of memory, or a crash" in f["reason"]
        assert "fewer processes" in f["advice"] and f"failed: arm {f['arm']}, draw 1: {f['reason']}; {f['advice']}" in told
    assert "3 run(s) failed and are left out of every number; the others are complete." in told
    undisturbed(twin, study, tmp_path / "undisturbed")
    assert finished(out) == 5
    for path in (out / "runs").glob("*.npz"):
        assert path.read_bytes() == (tmp_path / "undisturbed" / "runs" / path.name).read_bytes(), "the others are the same"
