"""The commands for real, as a person runs them: a virtual patient on a coarse grid from scans to report."""

from __future__ import annotations

import functools
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow
QUICK = ("--evaluations", "30", "--draws", "16")


def oncotwin(*arguments: object, cwd: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command(*arguments), cwd=cwd, capture_output=True, text=True, env={**os.environ, **environment})


def command(*arguments: object) -> list[str]:
    return [sys.executable, "-c", "from scenarios.cli import main; main()", *map(str, arguments)]


@pytest.fixture(scope="module")
def place(tmp_path_factory) -> Path:
    """A folder in which the demo ran once."""
    place = tmp_path_factory.mktemp("whole-way")
    done = oncotwin("demo", "--spacing", 4, *QUICK, "-j", 1, cwd=place)
    assert done.returncode == 0, done.stderr
    (place / "stdout").write_text(done.stdout)
    (place / "stderr").write_text(done.stderr)
    return place


def test_the_last_line_names_the_report(place):
    last = (place / "stdout").read_text().splitlines()[-1]
    assert last == "Report: demo/report.html"
    page = (place / "demo/report.html").read_text(encoding="utf-8")
    assert "Research use only" in page and len(page) > 50_000


def test_the_pictures_of_different_arms_differ(place):
    none, standard = ((place / f"demo/pictures/slice-{arm}.png").read_bytes() for arm in ("none", "standard"))
    assert none != standard


def test_progress_is_told_in_a_log(place):
    told = (place / "stderr").read_text()
    for stage in ("1/3 calibrate", "2/3 scenarios", "3/3 report", "searching"):
        assert stage in told
    assert "Traceback" not in told and "Warning" not in told


def test_the_demo_patient_is_a_folder_that_inspect_understands(place):
    done = oncotwin("inspect", "demo/patient", cwd=place)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "5 visits, 2 held out" in done.stdout and "60 Gy in 30 fractions" in done.stdout


def test_simulate_prints_the_volumes_and_writes_a_store(place):
    done = oncotwin("simulate", "demo/patient", "--days", "0,20", "--set", "proliferation_per_day=0.1", "--json", cwd=place)
    assert done.returncode == 0, done.stderr
    first, last = json.loads(done.stdout)["volumes"]
    assert last["volume_ml"] > 1.2 * first["volume_ml"]
    import xarray as xr

    stored = xr.open_zarr(place / "simulation/simulation.zarr", consolidated=False)
    assert stored["u"].attrs["units"] == "1" and stored["t"].values.tolist() == [0, 20]
    assert stored.attrs["proliferation_per_day"] == 0.1


@pytest.mark.parametrize(
    ("setting", "code", "hint"),
    [
        ("proliferation=0.1", 2, "Did you mean 'proliferation_per_day'"),
        ("proliferation_per_day=9", 3, "outside its range"),
    ],
)
def test_simulate_refuses_wrong_parameters(place, setting, code, hint):
    done = oncotwin("simulate", "demo/patient", "--set", setting, "--out", "wrong", cwd=place)
    assert done.returncode == code and hint in done.stderr and "Traceback" not in done.stderr


def test_a_second_comparison_into_another_folder(place):
    (place / "study.yaml").write_text("arms:\n  - {id: stop, same_as: none}\n  - {id: late, same_as: delayed}\n")
    done = oncotwin("scenarios", "demo", "--study", "study.yaml", "--out", "other", "-j", 1, "--json", cwd=place)
    assert done.returncode == 0, done.stderr
    assert {a["id"] for a in json.loads(done.stdout)["arms"]} == {"stop", "late"}
    page = oncotwin("report", "other", cwd=place, ONCOTWIN_NO_3D="1")
    assert page.returncode == 0 and page.stdout.splitlines()[-1] == "Report: other/report.html"


def test_interrupt_keeps_what_was_found_and_the_next_run_goes_on(place):
    arguments = ("calibrate", "demo/patient", "--out", "stopped", "--evaluations", 150, "--draws", 4)
    # a shell's background job ignores Ctrl-C, and so would what the tests start from there
    listening = functools.partial(signal.signal, signal.SIGINT, signal.default_int_handler)
    run = subprocess.Popen(
        command(*arguments), cwd=place, stderr=subprocess.PIPE, text=True, start_new_session=True, preexec_fn=listening
    )
    journal = place / "stopped/search.journal"
    deadline = time.monotonic() + 120
    while not (journal.exists() and journal.stat().st_size > 20_000) and time.monotonic() < deadline:
        time.sleep(0.2)
    os.killpg(run.pid, signal.SIGINT)
    _, told = run.communicate(timeout=60)
    assert run.returncode == 130, told
    assert "kept in stopped" in told and "Traceback" not in told
    kept = journal.stat().st_size
    again = oncotwin(*arguments, "--json", cwd=place)
    assert again.returncode == 0, again.stderr
    assert journal.stat().st_size > kept and json.loads(again.stdout)["evaluations"] >= 150


def test_a_new_scan_scores_the_forecast_and_sharpens_the_twin(place):
    """Last, as it changes the demo's case."""
    case = place / "demo/patient/case.yaml"
    shutil.copytree(place / "demo", place / "followed")
    case.write_text(case.read_text().replace("held_out: true", "held_out: false", 1))
    taken = ("update", "demo/patient", "--out", "followed", "--draws", 16, "--json", "--arm")
    wrong = oncotwin(*taken, "escalate", cwd=place)
    assert wrong.returncode == 2 and "Did you mean 'escalated'" in wrong.stderr
    done = oncotwin(*taken, "escalated", cwd=place)
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["new_visits"] == [90.0] and told["track_record"]["scored"] == 3
    (option,) = [s for s in told["sentences"] if s.startswith("Option ")]
    assert "Dose-escalated" in option and "the treatments given differ from it" in option
    shown = oncotwin("ledger", "demo/patient", "--out", "followed", "--head", told["head"][:10], cwd=place)
    assert shown.returncode == 0 and "after radiotherapy (day 90)" in shown.stdout
    ledger = place / "followed/ledger.jsonl"
    ledger.write_bytes(ledger.read_bytes().replace(b'"seed":2026', b'"seed":2027', 1))
    refused = oncotwin("ledger", "followed", cwd=place)
    assert refused.returncode == 3 and "record 1: seed differs from what was sealed" in refused.stderr
