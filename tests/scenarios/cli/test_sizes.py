"""The commands on a case of sizes alone, for real: it takes seconds."""

from __future__ import annotations

import json

import pytest

from twin.errors import SolverError

CASE = """patient: lung-01
sizes:
  - {day: 0, diameter: 21 mm}
  - {day: 42, diameter: 23 mm}
  - {day: 84, diameter: 27 mm, held_out: true}
treatments:
  - {drug: paclitaxel, amount: 175 mg/m2, days: 1, every_days: 21, cycles: 2, from_day: 44}
"""
SVG = "http://www.w3.org/"
QUICK = ("--evaluations", 40, "--draws", 10, "--quiet")


@pytest.fixture
def sizes(tmp_path):
    (tmp_path / "case.yaml").write_text(CASE)
    return tmp_path


def test_from_sizes_to_a_forecast_and_its_track_record(oncotwin, sizes):
    assert "sizes alone, 3 readings, 2 of them seen" in oncotwin("inspect", ".").stdout
    done = oncotwin("run", ".", *QUICK)
    assert done.exit_code == 0 and done.stdout.startswith("Report: results/report.html"), done.output
    for command in ("scenarios", "whatif", "optimise", "sensitivity"):
        refused = oncotwin(command, "results")
        assert refused.exit_code == 3 and f"oncotwin {command} needs images" in refused.stderr
        assert "sizes have no place" in refused.stderr and "hardly tell growth from what a treatment does" in refused.stderr
    (sizes / "results" / "report.html").unlink()
    assert oncotwin("report", "results").exit_code == 0
    page = (sizes / "results" / "report.html").read_text()
    assert (
        "Research use only" in page and page.count("<svg") > 3 and "http" not in page.split("</style>")[1].replace(SVG, "")
    )
    assert page.count("<b>SD</b>") == 1 and page.count("<b>PD</b>") == 1
    assert "20 % or more and 5 mm or more above the smallest sum so far" in page and "of the draws" in page
    (sizes / "case.yaml").write_text(CASE.replace("27 mm, held_out: true}", "27 mm}\n  - {day: 120, diameter: 28 mm}"))
    updated = oncotwin("update", ".", "--draws", 10, "--json")
    assert updated.exit_code == 0, updated.output
    told = json.loads(updated.stdout)
    assert told["new_visits"] == [84.0, 120.0] and told["track_record"]["scored"] == 2
    assert oncotwin("report", "results").exit_code == 0
    page = (sizes / "results" / "report.html").read_text()
    assert "Below: paclitaxel, a line for each day" in page
    record = page.split("How earlier forecasts did")[1].split("</section>")[0]
    assert "Day 84" in record and "Day 120" in record and "CCC" not in record
    assert "was not changed" in oncotwin("update", ".").stdout
    ledger = sizes / "results" / "ledger.jsonl"
    written = ledger.read_bytes()
    ledger.write_bytes(written.replace(b'"day":84.0', b'"day":85.0', 1))
    refused = oncotwin("report", "results")
    assert refused.exit_code == 3 and "The ledger was changed after it was written" in refused.stderr
    ledger.write_bytes(written)
    (sizes / "case.yaml").write_text(CASE.replace("day: 42", "day: 30"))
    refused = oncotwin("update", ".")
    assert refused.exit_code == 3 and "Earlier readings changed" in refused.stderr


def test_an_update_that_fails_changes_nothing(oncotwin, sizes, monkeypatch):
    assert oncotwin("calibrate", ".", *QUICK).exit_code == 0
    before = {p.name: p.read_bytes() for p in (sizes / "results").iterdir() if p.is_file()}

    def broken(*_, **__):
        raise SolverError("The numbers left their range.")

    monkeypatch.setattr("calibration.volume.calibrate.calibrate_sizes", broken)
    (sizes / "case.yaml").write_text(CASE.replace(", held_out: true", ""))
    assert oncotwin("update", ".").exit_code == 1
    assert {p.name: p.read_bytes() for p in (sizes / "results").iterdir() if p.is_file()} == before


@pytest.mark.parametrize("option", [("--field", "gp"), ("--profile",), ("--coarsen", 2)])
def test_an_option_that_needs_images_is_refused(oncotwin, sizes, option):
    refused = oncotwin("calibrate", ".", *option)
    assert refused.exit_code == 2 and f"{option[0]} has no meaning in a case of sizes alone" in refused.stderr
